// Comfort only: every page works without this file.
"use strict";

// When the server was heard last: the page itself has just come.
let heardAt = Date.now();

// A form is sent once, however often its button is pressed, and not into a line that is gone.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  if ((navigator.onLine && Date.now() - heardAt < 10000) || !form.requestSubmit) {
    // Not before the browser has read which one was pressed.
    return setTimeout(() => lock(form, true));
  }
  event.preventDefault();
  lock(form, true);
  const isThere = await hasLine();
  delete form.dataset.sent;
  lock(form, false);
  if (isThere) return form.requestSubmit(event.submitter);
  sayNoLine(form, event.submitter);
});

function lock(form, isLocked) {
  for (const button of form.querySelectorAll("button")) button.disabled = isLocked;
}

function sayNoLine(form, pressed) {
  const said = document.getElementById("no-line").content.firstElementChild.cloneNode(true);
  const before = form.querySelector(".no-line");
  // In the place of the last one: the button does not move away below a finger.
  if (before) before.replaceWith(said);
  else (pressed?.closest(".stack") || pressed || form.lastElementChild).before(said);
  said.scrollIntoView({ block: "center" });
}

async function hasLine() {
  if (!navigator.onLine) return false;
  const asked = new AbortController();
  const tired = setTimeout(() => asked.abort(), 8000);
  try {
    await fetch("/healthz", { cache: "no-store", signal: asked.signal });
    heardAt = Date.now();
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(tired);
  }
}

// The back button may show a page as it was left.
addEventListener("pageshow", (event) => { if (event.persisted) openAnew(); });

// A code that came with a QR: the part after # is never sent to anybody.
const codeField = document.querySelector("[data-code]");
if (codeField && /^#[0-9]{6}$/.test(location.hash)) {
  codeField.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  codeField.scrollIntoView();
}

// Seconds left on the prompt.
const count = document.querySelector("[data-count]");
if (count) {
  const bar = document.querySelector("progress.left");
  setInterval(() => {
    const left = Math.max(0, Number(count.textContent) - 1);
    count.textContent = left;
    bar.value = left;
  }, 1000);
}

// Ask whether the page would look different: every 2 s for half a minute, then every 5 s, never in the background.
const { poll, stamp, reload } = document.body.dataset;
if (poll) {
  const started = Date.now();
  const ask = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(poll, { cache: "no-store" });
        heardAt = Date.now();
        if (answer.ok && (await answer.text()) !== stamp && !isTyping()) return openAnew();
      } catch {
        // No line: asked again.
      }
    }
    setTimeout(ask, Date.now() - started < 30000 ? 2000 : 5000);
  };
  setTimeout(ask, 2000);
}
if (reload) setTimeout(openAnew, Number(reload) * 1000);

// Asks with GET: reload() would send the form again if this page is the answer to one.
function openAnew() {
  location.replace(location.pathname + location.search);
}

// A photo is made smaller before it goes over a slow line; what the browser can't read is sent as it is.
for (const field of document.querySelectorAll("[data-shrink]")) {
  field.addEventListener("change", async () => {
    try {
      const image = await createImageBitmap(field.files[0]);
      const scale = Math.min(1, 1280 / Math.max(image.width, image.height));
      const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
      if (blob.size >= field.files[0].size) return;
      const files = new DataTransfer();
      files.items.add(new File([blob], "photo.jpg", { type: blob.type }));
      field.files = files.files;
    } catch {
      // An old browser, or no picture: the server says what is wrong with it.
    }
  });
}

// Nobody's half-written number is thrown away.
function isTyping() {
  return [...document.querySelectorAll("input:not([type=hidden])")].some((input) => input.value !== input.defaultValue);
}

// The keys of a drawn phone write into the field before them.
for (const pad of document.querySelectorAll(".pad")) {
  const field = pad.previousElementSibling;
  pad.hidden = false;
  pad.addEventListener("click", (event) => {
    const key = event.target.dataset.key;
    if (key === undefined) return;
    field.value = key === "" ? field.value.slice(0, -1) : (field.value + key).slice(0, field.maxLength);
  });
}

// Copies a command that can be selected by hand just as well.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.classList.add("ok");
  });
}
