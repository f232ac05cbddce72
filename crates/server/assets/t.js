/* docs/pixels.md tells how to use it. */
!function(w,d){
var s=d.currentScript,D=s.dataset,b=s.src.split("/t.js")[0],l=location,q=new URLSearchParams(l.search),
P=D.param||"tid",W=D.linkParam||"wc",ok=D.consent!="denied",days=D.days||30,t,n,
C=function(v,y){d.cookie="wc_tid="+v+";path=/;max-age="+86400*y+";samesite=lax"+(l.protocol=="https:"?";secure":"")},
T=new Promise(function(f){
var c=q.get(W)||D.link,x=D.first!=null,m=ok&&(x||!q.get(W))&&d.cookie.match(/(?:^|; )wc_tid=(\w+)/);
if(m&&x)f(m[1]);
else if(n=q.get(P))f(n);
else if(m)f(m[1]);
else if(c)fetch(b+"/t/"+encodeURIComponent(c)+l.search,{method:"POST",body:d.referrer,credentials:"omit",keepalive:!0}).then(function(r){return r.json()}).then(function(r){days=r.days||days;f(n=r.tid)},function(){f()});
else f()
}).then(function(v){t=v||"";n&&ok&&C(t,days)}),
F={
tid:function(f){T.then(function(){f(t)})},
consent:function(y){ok=y;T.then(function(){y?t&&C(t,days):C("",0)})},
lead:function(o,f){T.then(function(){
var p=new URLSearchParams(o),u=b+"/px/"+o.goal;
p.delete("goal");
if(!t)return void(new Image().src=u+".gif?"+p);
p.set("tid",t);
fetch(u+".json",{method:"POST",body:p,credentials:"omit",keepalive:!0}).then(function(r){return r.json()}).then(f)})}
},
Q=(w.whocpa||{}).q||[];
w.whocpa=function(k){F[k].apply(F,[].slice.call(arguments,1))};
Q.forEach(function(x){w.whocpa.apply(w,x)});
d.addEventListener("click",function(e){
var a=e.target.closest&&e.target.closest("a[href]"),u;
if(t&&!ok&&a&&a.origin==l.origin){u=new URL(a.href);u.searchParams.set(P,t);a.href=u}},!0);
d.addEventListener("submit",function(e){
var f=e.target,i;
if(t&&!f.elements[P]&&new URL(f.getAttribute("action")||"",l).origin==l.origin){
i=d.createElement("input");i.type="hidden";i.name=P;i.value=t;f.appendChild(i)}},!0)
}(window,document);
