// A form marked data-passkey="get" or "create" asks the browser's authenticator before it is sent.
// Its options stand in data-options, the answer goes into its field `response`.
document.querySelectorAll("form[data-passkey]").forEach((f) => f.addEventListener("submit", async (e) => {
  const out = f.elements.response, P = window.PublicKeyCredential;
  if (out.value) return;
  e.preventDefault();
  try {
    const o = JSON.parse(f.dataset.options), c = navigator.credentials;
    const made = f.dataset.passkey === "create"
      ? await c.create({ publicKey: P.parseCreationOptionsFromJSON(o) })
      : await c.get({ publicKey: P.parseRequestOptionsFromJSON(o) });
    out.value = JSON.stringify(made.toJSON());
    f.requestSubmit(e.submitter);
  } catch {
    f.querySelector("[data-failed]").hidden = false;
  }
}));
