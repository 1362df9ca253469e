#include "sim/pio/html/page.h"

namespace southgate::pio {

std::string_view page_style() {
    return R"(
*{box-sizing:border-box}
body{font:14px/1.4 system-ui,sans-serif;margin:0;color:#1d2733;background:#fff}
header{padding:.8em 1.2em 0}
h1{font-size:1.3em;margin:0}h2{font-size:1.05em;margin:.2em 0 .4em}
header p{margin:.4em 0}
.controls{display:flex;flex-wrap:wrap;gap:.3em 1.4em}
main{display:grid;grid-template-columns:minmax(0,1fr) 29em;gap:1em;padding:.4em 1.2em}
#matrix{overflow:auto;max-height:calc(100vh - 9em);border:1px solid #d5dbe2}
table{border-collapse:separate;border-spacing:0;width:100%}
th,td{border-right:1px solid #e3e8ee;border-bottom:1px solid #e3e8ee;padding:.15em .5em;text-align:left;vertical-align:top}
thead th,tfoot th,tfoot td{position:sticky;background:#eef2f6;z-index:2}
thead th{top:0}
tfoot th,tfoot td{bottom:0;font-size:12px;white-space:nowrap}
tbody th{position:sticky;left:0;background:#fff;z-index:1;font-weight:normal;font-size:13px;min-width:16em;max-width:24em}
thead th:first-child,tfoot th{left:0;z-index:3}
tr.first th,tr.first td{border-top:1px solid #b9c4d0}
tr.again th{color:#8a97a5}
td.cell{cursor:pointer;font:12px/1.35 ui-monospace,monospace;min-width:6.5em;max-width:11em;overflow-wrap:anywhere}
td.cell small{color:#5d6b7a;display:block;font-size:11px}
td.cell small.cost{display:none}
body.costs td.cell small.cost{display:block}
.right{background:#e6f5e9}.wrong{background:#fdf3d8}.differs{background:#f9d6d5;font-weight:bold}
td.cell:hover,td.cell:focus{outline:2px solid #7fa8dc;outline-offset:-2px}
td.cell.shown{outline:3px solid #2f6fbf;outline-offset:-3px}
tr.same,tr.out{display:none}
body.same tr.same:not(.out){display:table-row}
#story{background:#f7f9fb;border:1px solid #b9c4d0;padding:.6em .9em;max-height:calc(100vh - 9em);overflow:auto}
#story pre{font:12px/1.45 ui-monospace,monospace;margin:.5em 0 0;white-space:pre-wrap;overflow-wrap:anywhere}
#story p{margin:.2em 0}
#legend{display:flex;flex-wrap:wrap;gap:1em 3em;padding:.4em 1.2em 1.5em}
dl.legend{display:grid;grid-template-columns:max-content auto;gap:.1em 1em;font-size:13px;margin:0}
dt{font-family:ui-monospace,monospace}dd{margin:0}
input{font:inherit}
@media(max-width:1100px){main{grid-template-columns:minmax(0,1fr)}#matrix{max-height:60vh}}
)";
}

std::string_view page_script() {
    return R"(
const story=document.getElementById("story"),matrix=document.getElementById("matrix"),body=document.body;
const rows=[...document.querySelectorAll("tbody tr")];
let shown=null;
function show(cell,move){
  if(shown)shown.classList.remove("shown");
  shown=cell;
  cell.classList.add("shown");
  story.textContent="";
  const add=(tag,text)=>{const e=document.createElement(tag);e.textContent=text;story.appendChild(e)};
  add("h2",cell.dataset.name);
  add("p",cell.parentElement.dataset.why.trim());
  add("pre",cell.querySelector("template").content.textContent);
  story.scrollTop=0;
  history.replaceState(null,"","#"+cell.dataset.cell);
  if(!move)return;
  const at=cell.getBoundingClientRect(),frame=matrix.getBoundingClientRect();
  matrix.scrollTop+=at.top-frame.top-frame.height/2;
  matrix.scrollLeft+=at.left-frame.left-frame.width/2;
}
function open(){
  const want=decodeURIComponent(location.hash.slice(1));
  const cell=[...document.querySelectorAll("td.cell")].find(c=>c.dataset.cell===want);
  if(!cell)return;
  if(cell.parentElement.classList.contains("same")){same.checked=true;body.classList.add("same")}
  show(cell,true);
  cell.focus({preventScroll:true});
}
function choose(){
  const want=filter.value.toLowerCase();
  for(const row of rows){
    const fails=!wrong.checked||row.querySelector(".wrong,.differs");
    row.classList.toggle("out",!fails||!row.textContent.toLowerCase().includes(want));
  }
}
const filter=document.getElementById("filter"),wrong=document.getElementById("wrong"),same=document.getElementById("same"),
  costs=document.getElementById("costs");
filter.addEventListener("input",choose);
wrong.addEventListener("change",choose);
same.addEventListener("change",()=>body.classList.toggle("same",same.checked));
if(costs)costs.addEventListener("change",()=>body.classList.toggle("costs",costs.checked));
document.addEventListener("click",e=>{const c=e.target.closest("td.cell");if(c){show(c);c.focus({preventScroll:true})}});
document.addEventListener("keydown",e=>{
  const cell=e.target.closest&&e.target.closest("td.cell");
  if(!cell)return;
  const at=cell.cellIndex,visible=rows.filter(r=>r.offsetParent!==null),row=visible.indexOf(cell.parentElement);
  let to=null;
  if(e.key==="Enter")to=cell;
  else if(e.key==="ArrowLeft")to=cell.previousElementSibling;
  else if(e.key==="ArrowRight")to=cell.nextElementSibling;
  else if(e.key==="ArrowUp"&&row>0)to=visible[row-1].cells[at];
  else if(e.key==="ArrowDown"&&row+1<visible.length)to=visible[row+1].cells[at];
  else return;
  e.preventDefault();
  if(to&&to.matches("td.cell")){show(to);to.focus()}
});
window.addEventListener("hashchange",open);
open();
)";
}

}  // namespace southgate::pio
