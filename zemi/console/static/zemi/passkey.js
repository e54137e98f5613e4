// The browser asks a device for a passkey, and the device's answer goes into the form. Without this file a code does.
"use strict";

for (const form of document.querySelectorAll("[data-passkey]")) {
  // Elsewhere the browser would refuse: what stands below the form says where.
  if (!window.PublicKeyCredential || location.origin !== form.dataset.origin) continue;
  const button = form.querySelector("button"), failed = form.querySelector("[role=alert]");
  form.hidden = false;
  form.nextElementSibling.hidden = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = failed.hidden = true;
    try {
      form.elements.passkey.value = JSON.stringify(await answer(JSON.parse(form.dataset.passkey).publicKey));
      form.submit();
    } catch {
      // Called off, too slow, or no such device.
      button.disabled = failed.hidden = false;
    }
  });
}

async function answer(asked) {
  asked.challenge = bytes(asked.challenge);
  for (const known of [...(asked.excludeCredentials || []), ...(asked.allowCredentials || [])]) known.id = bytes(known.id);
  if (asked.user) asked.user.id = bytes(asked.user.id);
  const found = await navigator.credentials[asked.user ? "create" : "get"]({ publicKey: asked });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]) {
    if (found.response[part]) response[part] = letters(found.response[part]);
  }
  return { id: found.id, rawId: found.id, type: found.type, response };
}

// Base64 as addresses take it, and back.
function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function letters(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
