"""How the page looks, and what its buttons do."""

STYLE = """
body{background:#313338;color:#dbdee1;
 font:15px/1.35 "gg sans","Noto Sans","DejaVu Sans",Helvetica,Arial,sans-serif;margin:0}
section{max-width:820px;margin:0 auto;padding:8px 16px}
h1{font-size:16px;border-bottom:1px solid #3f4147;padding:8px 0;margin:0 0 8px;color:#f2f3f5}
article{display:flex;gap:12px;padding:4px 0}
article.small{padding:1px 0;font-size:13px;color:#b5bac1}
article>div{min-width:0;flex:1}
.face{width:36px;height:36px;border-radius:50%;background:#5865f2;color:#fff;display:grid;
 place-items:center;font-style:normal;flex:none}
header b{color:#f2f3f5} header time,small,footer{color:#949ba4;font-size:12px;margin-left:6px}
footer{margin:6px 0 0}
p{margin:1px 0;overflow-wrap:anywhere}
.app{background:#5865f2;color:#fff!important;font-size:10px;border-radius:3px;padding:1px 4px;margin-left:5px}
.reply{color:#949ba4;font-size:13px}
.embed{background:#2b2d31;border-left:4px solid #000;border-radius:4px;padding:8px 12px;margin:4px 0;
 max-width:600px;font-size:14px}
.title{font-weight:600;color:#f2f3f5;margin-bottom:4px}
.author{font-size:12px;font-weight:600}
.fields{display:grid;grid-template-columns:repeat(3,1fr);gap:6px 12px;margin-top:6px} .wide{grid-column:1/-1}
nav{display:flex;gap:8px;margin:4px 0;flex-wrap:wrap}
button{border:0;border-radius:4px;padding:7px 14px;color:#fff;background:#4e5058;font:inherit;
 font-size:14px;cursor:pointer}
button.s1{background:#5865f2} button.s3{background:#248046} button.s4{background:#da373c}
button[disabled]{opacity:.5;cursor:default}
code{background:#1e1f22;border-radius:3px;padding:0 4px;font-family:"DejaVu Sans Mono",monospace;
 font-size:13px}
.reactions span{background:#2b2d31;border:1px solid #5865f2;border-radius:8px;padding:1px 6px;
 font-size:13px;margin-right:4px}
pre{background:#1e1f22;border-radius:4px;padding:6px 8px;margin:4px 0;white-space:pre-wrap;
 overflow-wrap:anywhere}
pre{font:13px "DejaVu Sans Mono",monospace}
details{border-left:2px solid #4e5058;padding-left:12px;margin:4px 0 4px 4px} summary{font-weight:600;
 cursor:pointer;font-size:13px}
form input{width:100%;box-sizing:border-box;background:#383a40;border:0;border-radius:8px}
form input{padding:12px;color:inherit;font:inherit;margin:8px 0}
@media (max-width:600px){section{padding:4px 8px} .face{display:none} .fields{grid-template-columns:1fr 1fr}
 button{padding:11px 14px} form input{font-size:16px}}
"""

SCRIPT = r"""
const ask = (path, body) =>
  fetch('/control/' + path, {method: 'POST', body: JSON.stringify(body)}).then(answer => answer.json())
const plain = text => (text || '').replace(/\\([\\*_`~|>#\-\[\]()<:@.&+=!])/g, '$1').replace(/\*\*/g, '')
const texts = each => [each.content, ...each.embeds.flatMap(embed => [embed.title, embed.description])]
const shown = answer => (answer.answers || []).map(each => texts(each).filter(Boolean).join('\n'))
  .map(plain).join('\n')
  || answer.message || 'done'
// an answer with buttons is a question: the first one says yes
const respond = async answer => {
  const first = (answer.answers || [])[0]
  const next = first && first.components[0] && first.components[0].components[0]
  if (!next) return alert(shown(answer))
  const question = shown(answer) + '\n\n' + next.label + '?'
  if (confirm(question)) alert(shown(await ask('click', {message: first.id, label: next.label})))
}
document.addEventListener('submit', async event => {
  event.preventDefault()
  const box = event.target.querySelector('input'), text = box.value, channel = event.target.dataset.channel
  box.value = ''
  if (!text.startsWith('/')) return ask('say', {text, channel})
  respond(await ask('type', {text, channel}))
})
document.addEventListener('click', async event => {
  const {message, label} = event.target.dataset
  if (message) respond(await ask('click', {message, label}))
})
setInterval(async () => {
  if (document.activeElement.value) return
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html')
  document.querySelectorAll('section').forEach((each, place) => {
    const fresh = page.querySelectorAll('section')[place], box = each.querySelector('form')
    if (fresh.innerHTML !== each.dataset.last) {
      each.dataset.last = fresh.innerHTML
      const focused = box.contains(document.activeElement)
      // who reads further up stays there, and a thread that was closed stays closed
      const low = innerHeight + scrollY >= document.body.scrollHeight - 60
      const closed = [...each.querySelectorAll('details:not([open])')].map(one => one.dataset.thread)
      each.innerHTML = fresh.innerHTML
      each.querySelectorAll('details').forEach(one => { one.open = !closed.includes(one.dataset.thread) })
      if (focused) each.querySelector('input').focus()
      if (low) scrollTo(0, document.body.scrollHeight)
    }
  })
}, 700)
"""
