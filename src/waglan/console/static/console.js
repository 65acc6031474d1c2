// Keys, live figures and upload progress; the pages work without any of it.
const d = document;
window.trustedTypes?.createPolicy("default", { createHTML: (s) => s });

// A key clicks or focuses the element that names it; j and k walk the rows of a list.
const typed = "input:not([type=radio],[type=checkbox]),textarea,select";
const rows = () => [...d.querySelectorAll("[data-row]")];
d.addEventListener("keydown", (e) => {
  const at = e.target;
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (at.matches(typed)) { if (e.key === "Escape") at.blur(); return; }
  const found = [...d.querySelectorAll(`[data-key="${CSS.escape(e.key)}"]`)].find((f) => f.checkVisibility());
  if (found) {
    e.preventDefault();
    found.focus();
    found.matches(typed) || found.click();
  } else if (e.key === "j" || e.key === "k") {
    const all = rows(), i = all.findIndex((r) => r.contains(d.activeElement)) + (e.key === "j" ? 1 : -1);
    const row = all[Math.max(0, Math.min(i, all.length - 1))];
    if (row) { e.preventDefault(); (row.matches("a") ? row : row.querySelector("a")).focus(); }
  }
});

const live = d.body.dataset.live;
if (live && d.querySelector("[data-figure]")) {
  new EventSource(live).onmessage = (e) => {
    const now = JSON.parse(e.data);
    d.querySelectorAll("[data-figure]").forEach((f) => { if (f.dataset.figure in now) f.textContent = now[f.dataset.figure].toLocaleString(); });
  };
}

d.querySelectorAll("form[data-confirm]").forEach((f) => f.addEventListener("submit", (e) => confirm(f.dataset.confirm) || e.preventDefault()));
d.querySelectorAll("[data-print]").forEach((b) => b.addEventListener("click", () => print()));
if (matchMedia("(max-width: 56rem)").matches) d.querySelectorAll("details.menu").forEach((m) => (m.open = false));

// A form with a file shows how much of it has been sent, then the page that the server answers with.
d.querySelectorAll("form[data-progress]").forEach((f) => f.addEventListener("submit", (e) => {
  e.preventDefault();
  const x = new XMLHttpRequest(), bar = f.querySelector("progress");
  bar.hidden = false;
  x.upload.onprogress = (p) => { bar.max = p.total; bar.value = p.loaded; };
  x.onload = () => { x.status < 400 ? location.assign(x.responseURL) : htmx.swap({ target: d.body, text: x.responseText, swap: "innerHTML" }); };
  x.open(f.method, f.action);
  x.send(new FormData(f));
}));
