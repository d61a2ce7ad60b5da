// Keeps an open page current. The server says that something changed; the page is asked for again,
// and the parts marked data-live take over what differs. Without this script everything still
// works by reloading.
"use strict";

(() => {
  const stream = document.body.dataset.stream;
  const says = document.getElementById("live-state");
  const button = document.getElementById("live-switch");
  if (!stream || !says || !button || !("EventSource" in window)) {
    return;
  }

  // Hints such as "2 min ago" grow old even when nothing happens.
  const OLDEST = 20000;
  let source = null;
  let paused = false;
  let asking = false;
  let again = false;
  let timer = 0;

  const say = (word) => {
    const text = says.dataset[word] || "";
    if (says.textContent !== text) {
      says.textContent = text;
    }
  };

  const refresh = async () => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (answer.ok && !paused) {
        take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch {
      say("off");
    } finally {
      asking = false;
      clearTimeout(timer);
      timer = setTimeout(refresh, OLDEST);
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const take = (fresh) => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(old.id);
      if (!next) {
        continue;
      }
      // What the reader opened stays open.
      for (const open of old.querySelectorAll("details[open]")) {
        const same = open.id && next.querySelector("#" + CSS.escape(open.id));
        if (same) {
          same.open = true;
        }
      }
      if (old.isEqualNode(next)) {
        continue;
      }
      const held = old.contains(document.activeElement) ? place(old, document.activeElement) : null;
      old.className = next.className;
      old.replaceChildren(...next.childNodes);
      if (held) {
        const back = held(old);
        if (back) {
          back.focus({ preventScroll: true });
        }
      }
    }
  };

  // How to find the focused element again: by its id, else by its address, else by its place.
  const place = (part, element) => {
    const kind = element.tagName;
    const nth = [...part.querySelectorAll(kind)].indexOf(element);
    return (now) => {
      const same = [...now.querySelectorAll(kind)];
      return (element.id && same.find((other) => other.id === element.id)) ||
        (element.href && same.find((other) => other.href === element.href)) ||
        same[nth];
    };
  };

  const open = () => {
    if (source || paused || document.hidden) {
      return;
    }
    say("connecting");
    source = new EventSource(stream);
    source.addEventListener("hello", () => { say("on"); refresh(); });
    source.addEventListener("change", refresh);
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CONNECTING) {
        say("connecting");
        return;
      }
      // The server said no; it may say yes later.
      close();
      say("off");
      timer = setTimeout(open, OLDEST);
    });
  };

  const close = () => {
    clearTimeout(timer);
    if (source) {
      source.close();
      source = null;
    }
  };

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? button.dataset.resume : button.dataset.pause;
    if (paused) {
      close();
      say("paused");
    } else {
      open();
    }
  });
  // A page that nobody looks at does not hold a connection.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
    } else {
      open();
    }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
})();
