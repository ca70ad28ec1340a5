/* What pages do by themselves: take pushed figures in place, keep rows still under the pointer,
   open rows by keyboard, show the phone's menu, notice a lost connection. */
const duban = (() => {
  const held = new Map();
  let heard = Date.now();
  let retrying = false;

  function figures(texts) {
    heard = Date.now();
    for (const [key, text] of Object.entries(texts)) {
      for (const node of document.querySelectorAll(`[data-f="${key}"]`)) {
        if (node.textContent !== text) node.textContent = text;
      }
    }
  }

  function classes(names) {
    for (const [key, name] of Object.entries(names)) {
      for (const node of document.querySelectorAll(`[data-c="${key}"]`)) {
        if (node.className !== name) node.className = name;
      }
    }
  }

  function busy(node) {
    const pointed = matchMedia("(hover: hover)").matches && node.matches(":hover");
    return pointed || node.contains(document.activeElement);
  }

  function swap(key, html) {
    heard = Date.now();
    const node = document.querySelector(`[data-b="${key}"]`);
    if (!node) return;
    if (busy(node)) { held.set(key, html); return; }
    held.delete(key);
    if (node.innerHTML !== html) node.innerHTML = html;
  }

  function release() {
    for (const [key, html] of [...held]) swap(key, html);
  }

  function fresh(text, state) {
    heard = Date.now();
    const pill = document.getElementById("fresh");
    if (!pill) return;
    if (pill.textContent !== text) pill.textContent = text;
    pill.className = "pill " + state;
  }

  /* A page without figures tries again; asking anew each time would end the try under way. */
  function retry() {
    if (retrying) return;
    retrying = true;
    location.reload();
  }

  function watch() {
    if (document.querySelector("[data-reload]")) { retry(); return; }
    const pill = document.getElementById("fresh");
    if (pill && Date.now() - heard > 8000) {
      pill.textContent = pill.dataset.offline;
      pill.className = "pill away";
    }
    release();
  }

  function keys(event) {
    const row = document.activeElement?.closest?.("tr[data-href]");
    const rows = [...document.querySelectorAll("tr[data-href]")];
    if (!rows.length || event.target.matches("input, textarea, select, button")) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const at = row ? rows.indexOf(row) + step : 0;
      rows[Math.max(0, Math.min(rows.length - 1, at))].focus();
      event.preventDefault();
    } else if (event.key === "Enter" && row) {
      location.href = row.dataset.href;
    }
  }

  async function acknowledge(button) {
    button.disabled = true;
    const url = `/api/v1/alerts/${encodeURIComponent(button.dataset.ack)}/acknowledge`;
    let sent = false;
    try {
      sent = (await fetch(url, { method: "POST", headers: { "X-Duban": "1" } })).ok;
    } catch { /* no answer is the same as a refusal: the button says so */ }
    button.textContent = sent ? button.dataset.sent : button.dataset.failed;
    button.disabled = sent;
  }

  /* What is wrong stands below its field; what was typed stays. */
  function blame(form, wrong) {
    for (const place of form.querySelectorAll("[data-wrong]")) {
      const why = wrong[place.dataset.wrong] || "";
      place.textContent = why;
      place.hidden = !why;
      form.elements[place.dataset.wrong]?.setAttribute("aria-invalid", Boolean(why));
    }
    form.querySelector("[aria-invalid=true]")?.focus();
  }

  function absent(form) {
    const wrong = {};
    for (const field of form.querySelectorAll("[required]")) {
      if (field.value.trim()) continue;
      const label = field.closest("label").querySelector("span").firstChild.textContent;
      wrong[field.name] = form.dataset.absent.replace("%", label);
    }
    return wrong;
  }

  function finish(form, answer) {
    const done = form.nextElementSibling;
    const link = done.querySelector("[data-case-link]");
    if (link) {
      const no = answer.case_id.slice(answer.case_id.indexOf("/") + 1);
      link.href = form.dataset.case + no.split("/").map(encodeURIComponent).join("/");
    }
    form.remove();
    done.hidden = false;
    done.querySelector("a").focus();
  }

  async function post(form) {
    const fact = Object.fromEntries(new FormData(form));
    const kind = form.elements.subject?.selectedOptions?.[0]?.dataset.kind;
    if (kind) fact.subject_kind = kind;
    const headers = { "X-Duban": "1", "Content-Type": "application/json" };
    const body = JSON.stringify(fact);
    const answer = await fetch("/api/v1/hall-facts", { method: "POST", headers, body });
    if (answer.status === 401) return { detail: form.dataset.session, fields: {} };
    return await answer.json();
  }

  async function record(form) {
    const said = form.querySelector("[role=status]");
    const button = form.querySelector("button");
    const wrong = absent(form);
    blame(form, wrong);
    said.textContent = "";
    if (Object.keys(wrong).length) return;
    button.disabled = true;
    let answer;
    try { answer = await post(form); } catch { answer = { detail: form.dataset.silent }; }
    button.disabled = false;
    if (answer.event_id) { finish(form, answer); return; }
    blame(form, answer.fields || {});
    said.textContent = form.dataset.failed.replace("%", () => String(answer.detail));
  }

  function submit(event) {
    if (!event.target.matches("form[data-record]")) return;
    event.preventDefault();
    record(event.target);
  }

  function click(event) {
    if (event.target.closest("#menu")) {
      const bar = document.querySelector(".bar");
      const open = bar.classList.toggle("open");
      document.getElementById("menu").setAttribute("aria-expanded", open);
      return;
    }
    const button = event.target.closest("button[data-ack]");
    if (button) { acknowledge(button); return; }
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button") && !String(getSelection())) {
      location.href = row.dataset.href;
    }
  }

  document.addEventListener("keydown", keys);
  document.addEventListener("click", click);
  document.addEventListener("submit", submit);
  document.addEventListener("mouseout", () => setTimeout(release, 300));
  setInterval(watch, 3000);
  return { figures, classes, swap, fresh };
})();
window.duban = duban;
