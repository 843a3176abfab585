// Live parts by server-sent events, and questions in a dialog. Without this script every form is a page.
'use strict'
const dialog = document.getElementById('dialog')
const announce = document.getElementById('announce')
const parse = html => new DOMParser().parseFromString(html, 'text/html')

// who types in a part, or has the events open, keeps both when the part changes
function show (part, html) {
  const place = document.querySelector(`[data-part="${part}"]`)
  if (!place) return
  const focused = place.contains(document.activeElement) ? pathOf(document.activeElement) : null
  const opened = new Map([...place.querySelectorAll('details[open]')].map(each => [each.dataset.key, each]))
  const before = new Map([...place.querySelectorAll('[data-state]')].map(each => [each.id, each.dataset.state]))
  place.innerHTML = html
  for (const each of place.querySelectorAll('details')) {
    const old = opened.get(each.dataset.key)
    if (!old) continue
    each.querySelector('div').replaceWith(old.querySelector('div'))
    each.open = true
    if (old.dataset.version !== each.dataset.version) tell(each)
  }
  for (const each of place.querySelectorAll('[data-state]')) {
    if (before.get(each.id) !== each.dataset.state) announce.textContent = each.dataset.state
  }
  if (focused) document.querySelector(focused)?.focus()
}

// a control is found again by its card and its label
function pathOf (control) {
  const card = control.closest('[id]')
  const label = control.getAttribute('aria-label')
  const own = label ? `[aria-label="${CSS.escape(label)}"]` : control.localName
  return card ? `#${CSS.escape(card.id)} ${own}` : null
}

async function tell (details) {
  const answer = await fetch(details.dataset.events)
  if (answer.ok) details.querySelector('div').innerHTML = await answer.text()
}

document.addEventListener('toggle', event => {
  if (event.target.open && event.target.dataset.events) tell(event.target)
}, true)

let asking = false
document.addEventListener('submit', async event => {
  const form = event.target
  if (!form.hasAttribute('data-ask')) return
  event.preventDefault()
  if (asking) return
  asking = true
  const button = event.submitter || form.querySelector('button')
  button.disabled = true
  try {
    const body = new URLSearchParams(new FormData(form))
    // a field named action hides the form's own
    const answer = await fetch(form.getAttribute('action'), { method: 'POST', body })
    const found = parse(await answer.text()).querySelector('[data-answer]')
    if (!found) throw new Error('no answer')
    dialog.replaceChildren(found)
  } catch (error) {
    dialog.innerHTML = '<section class="card alarm"><h2>Not known</h2><p role="alert">No answer came. It may have ' +
      'been done: look at the page before you try again.</p><div class="buttons"><a class="button" href="/desk" ' +
      'data-close>Back to the desk</a></div></section>'
  } finally {
    asking = false
    button.disabled = false
  }
  if (!dialog.open) dialog.showModal()
  const first = dialog.querySelector('input:not([type=hidden]), [data-close]')
  if (first) first.focus()
})

document.addEventListener('click', event => {
  if (dialog.open && event.target.closest('[data-close]')) {
    event.preventDefault()
    dialog.close()
  }
})

if (document.querySelector('[data-live]')) {
  const away = document.getElementById('away')
  const say = text => { away.textContent = text; away.hidden = !text }
  const follow = () => {
    const source = new EventSource('/desk/events')
    source.addEventListener('parts', event => {
      say('')
      for (const [part, html] of Object.entries(JSON.parse(event.data))) show(part, html)
    })
    source.addEventListener('away', event => say(`Not live: ${JSON.parse(event.data).text}`))
    source.onerror = () => {
      say('Not live: the connection to the API is lost. Trying again. What is shown may be old.')
      if (source.readyState === EventSource.CLOSED) setTimeout(follow, 3000)
    }
  }
  follow()
}
