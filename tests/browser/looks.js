// What can be asserted of a page's looks; returns faults as sentences.
(allowed) => {
  const faults = [];
  const seen = (node) => {
    for (let e = node; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.visibility === "hidden" || style.display === "none" || style.opacity === "0") return false;
      if (e.classList.contains("skip")) return false;
    }
    return true;
  };

  // --- every visible piece of text, with the box its glyphs fill
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, text = node.textContent.trim(), parent = node.parentElement;
    if (!text || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(parent.tagName) || !seen(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const r of range.getClientRects()) {
      if (r.width < 1) continue;
      const slack = r.height * 0.2; // a line's box is taller than its glyphs
      texts.push({ text, parent, left: r.left, right: r.right, top: r.top + slack, bottom: r.bottom - slack });
    }
  }
  for (const input of document.querySelectorAll("input[placeholder]")) {
    if (seen(input)) texts.push({ text: input.placeholder, parent: input, left: 0, right: 0, top: 0, bottom: 0 });
  }

  // --- nothing scrolls sideways, no text leaves the page or its card
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) faults.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
  for (const t of texts) {
    if (t.right > width + 1 || t.left < -1) faults.push(`outside the page: ${t.text}`);
    const card = t.parent.closest(".card, .chip, .button, .tag, .pill");
    const box = card && card.getBoundingClientRect();
    if (box && t.right && (t.right > box.right + 1 || t.left < box.left - 1)) faults.push(`outside its box: ${t.text}`);
  }

  // --- no two texts overlap, no two cards overlap
  texts.sort((a, b) => a.top - b.top);
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length && texts[j].top < texts[i].bottom; j++) {
      const a = texts[i], b = texts[j];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 1) faults.push(`overlap: ${a.text} / ${b.text}`);
    }
  }
  const cards = [...document.querySelectorAll(".card")].filter(seen).map((c) => c.getBoundingClientRect());
  cards.forEach((a, i) => cards.slice(i + 1).forEach((b) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 1) faults.push(`cards overlap at ${a.left},${a.top}`);
  }));

  // --- no missing glyph: a character that is drawn as the box for an unassigned one
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const drawn = (char, font) => {
    pen.clearRect(0, 0, 40, 40);
    pen.font = font;
    pen.fillText(char, 4, 30);
    return pen.getImageData(0, 0, 40, 40).data.join("");
  };
  const font = "24px " + getComputedStyle(document.body).fontFamily;
  const box = drawn("\u{10FFFE}", font);
  for (const char of new Set(texts.map((t) => t.text).join(""))) {
    if (char.trim() && drawn(char, font) === box) faults.push(`missing glyph: ${char}`);
  }

  // --- no Latin word outside the allow-list
  if (allowed) {
    for (const t of texts) {
      for (const word of t.text.match(/[A-Za-z]+/g) || []) {
        if (!allowed.includes(word)) faults.push(`Latin word: ${word} in ${t.text}`);
      }
    }
  }
  return [...new Set(faults)];
}
