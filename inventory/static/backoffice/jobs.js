// Shows how jobs get on, without a reload. Whatever is asked for is said by the page:
//   data-jobs="ADDRESS"       who is asked, once a second, while a job on the page has not ended
//   data-jobs-part="#a,#b"    what is fetched anew when one of them has ended, or changed its state
//   data-job="ID"             whose figures stand inside; data-job-live: it has not ended
//   data-job-text="NAME"      is one of the words of the answer; data-job-bar is the bar
"use strict";
(() => {
  const PAUSE = 1000, PATIENCE = 5000;

  // A list's scripts stand in the head of the page and do not wait for the rest of it.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();

  function begin() {
    for (const watcher of document.querySelectorAll("[data-jobs]")) watch(watcher);
  }

  function watch(watcher) {
    const states = new Map();
    const live = () => [...document.querySelectorAll("[data-job-live]")].map(at => at.dataset.job);

    async function look() {
      if (!live().length) return;
      let pause = PAUSE;
      try {
        const ids = [...new Set(live())].join(","), address = watcher.dataset.jobs;
        const answer = await fetch(`${address}?jobs=${ids}`, {headers: {Accept: "application/json"}});
        if (answer.redirected || (answer.status >= 400 && answer.status < 500)) return;
        if (!answer.ok) throw new Error(answer.status);
        await show(await answer.json());
      } catch {
        pause = PATIENCE; // the server is away for a moment
      }
      setTimeout(look, pause);
    }

    async function show(told) {
      const jobs = new Map((told.jobs || [told]).map(job => [String(job.id), job]));
      for (const job of jobs.values()) write(job);
      const isOver = live().some(id => !jobs.has(id) || jobs.get(id).is_ended);
      const hasChanged = [...jobs].some(([id, job]) => {
        const state = job.state + job.is_stopping, before = states.get(id);
        states.set(id, state);
        return before !== undefined && before !== state;
      });
      if (isOver || hasChanged) await renew();
    }

    function write(job) {
      for (const place of document.querySelectorAll(`[data-job="${job.id}"]`)) {
        for (const at of [place, ...place.querySelectorAll("[data-job-text]")]) {
          const text = job.text[at.dataset.jobText];
          if (text !== undefined && at.textContent !== text) at.textContent = text;
        }
        for (const bar of place.querySelectorAll("[data-job-bar]")) {
          if (job.percent === null) bar.removeAttribute("value"); else bar.value = job.percent;
        }
      }
    }

    async function renew() {
      const answer = await fetch(location.href);
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of watcher.dataset.jobsPart.split(",")) {
        const old = document.querySelector(part), fresh = page.querySelector(part);
        if (old && fresh) old.replaceWith(document.adoptNode(fresh));
      }
    }

    setTimeout(look, PAUSE);
  }
})();
