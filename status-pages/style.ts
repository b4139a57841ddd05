/**
 * The page's style sheet, inlined so that a page is one request. Uses the dashboard's tokens
 * (dashboard/styles/tokens.css), light and dark by the system's setting, on a 4 px grid.
 */
export const STYLE = `
:root{color-scheme:light dark;
--surface:#fcfbf9;--ink:#1a1f24;--ink-2:#57606a;--line:#e0dcd5;--accent:#1f5fa8;--gap:#c7c1b6;
--state-up:#0b7566;--state-degraded:#8f5b00;--state-down:#bd3a0c;--state-unknown:#636b74;--state-maintenance:#6a4fb3}
@media (prefers-color-scheme:dark){:root{
--surface:#10161b;--ink:#e4e9ed;--ink-2:#9ba7b2;--line:#27323c;--accent:#74b2f2;--gap:#45525e;
--state-up:#3fbfaa;--state-degraded:#e0a640;--state-down:#ff8058;--state-unknown:#97a1ab;--state-maintenance:#ab94f0}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--surface);color:var(--ink);
font:15px/24px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.sheet{max-width:768px;margin:0 auto;padding:0 24px}
h1,h2,h3,h4,p,ul,ol,dl{margin:0;padding:0;font:inherit}
ul,ol{list-style:none}
a{color:var(--accent);text-underline-offset:3px;text-decoration-thickness:1px}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
.quiet{color:var(--ink-2)}
.small{font-size:13px;line-height:20px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.up{--state:var(--state-up)}.degraded{--state:var(--state-degraded)}.down{--state:var(--state-down)}
.unknown,.pending,.paused{--state:var(--state-unknown)}.maintenance{--state:var(--state-maintenance)}
.icon{flex:none;width:16px;height:16px;color:var(--state);display:block}
.state{display:inline-flex;align-items:center;gap:8px;color:var(--state);white-space:nowrap}

header{padding:40px 0 24px}
header h1{font-weight:600;font-size:15px}
header p{max-width:60ch;color:var(--ink-2)}
.answer{display:grid;grid-template-columns:32px 1fr;gap:4px 16px;padding:24px 0 32px;border-top:4px solid var(--state)}
.answer .icon{width:32px;height:32px;margin-top:2px}
.answer h2{font-size:28px;line-height:36px;font-weight:600;letter-spacing:-.015em;text-wrap:balance}
.answer p{grid-column:2;color:var(--ink-2)}
.answer .outdated-note{display:none;color:var(--state-degraded)}
.outdated .outdated-note{display:block}

.part{padding:32px 0 8px;border-top:1px solid var(--line)}
.part>h2,.group-head{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:0 16px}
.part>h2{font-weight:600;padding-bottom:8px}
.part>h2 span{font-weight:400;font-size:13px;color:var(--ink-2)}

.group{margin-bottom:24px}
.group-head{margin-top:16px;padding:12px 0 8px;border-bottom:1px solid var(--line)}
.group-head h3{font-weight:600}
.group-head .state{font-size:13px}
.component{padding:16px 0 20px;border-bottom:1px solid var(--line)}
.component:last-child{border-bottom:0}
.group>.component{padding-left:20px;border-left:2px solid var(--line)}
.group+.component{border-top:1px solid var(--line)}
.component-head{display:flex;justify-content:space-between;align-items:center;gap:4px 16px;flex-wrap:wrap}
.component-head h3,.component-head h4{font-weight:500}
.note{max-width:60ch}
.bars{position:relative;display:flex;gap:1px;height:36px;margin:12px 0 4px;border-bottom:1px solid var(--line)}
@media (min-width:600px){.bars{gap:2px}}
.bars i{--fill:var(--state);--height:36px;flex:1 1 0;min-width:1px;
background:linear-gradient(var(--fill) 0 0) bottom/100% var(--height) no-repeat}
.bars .up{--fill:color-mix(in srgb,var(--state-up) 82%,var(--surface));--height:26px}
.bars .degraded{--height:31px}
.bars .none{--fill:var(--gap);--height:4px}
.bars i:hover{--fill:var(--ink)}
.bars i:hover::after{content:attr(data-day);position:absolute;z-index:1;bottom:calc(100% + 4px);left:50%;transform:translateX(-50%);
max-width:100%;padding:4px 8px;background:var(--ink);color:var(--surface);border-radius:4px;
font-style:normal;font-size:13px;line-height:20px;white-space:nowrap;pointer-events:none}
.bars i:nth-child(-n+30):hover::after{left:0;transform:none}
.bars i:nth-last-child(-n+30):hover::after{left:auto;right:0;transform:none}
.scale{display:grid;grid-template-columns:1fr auto 1fr;gap:8px;color:var(--ink-2)}
.scale span{white-space:nowrap}
.scale b{font-weight:500;color:var(--ink)}
.scale b::after{content:"";display:inline-block;width:5px;height:5px;margin:0 2px 3px 7px;border:solid var(--ink-2);border-width:0 1px 1px 0;transform:rotate(45deg)}
[open]>.scale b::after{transform:translateY(3px) rotate(225deg)}
.scale span:last-child{text-align:right}
details{font-size:13px;line-height:20px}
summary{padding:4px 0;color:var(--ink-2);cursor:pointer}
summary:hover b{text-decoration:underline;text-underline-offset:3px;text-decoration-thickness:1px}
summary.scale{list-style:none}
summary.scale::-webkit-details-marker{display:none}
.incident summary{width:max-content;max-width:100%}
table{border-collapse:collapse;width:100%;margin:4px 0 8px}
caption{text-align:left;color:var(--ink-2);padding-bottom:4px}
th,td{padding:4px 16px 4px 0;text-align:left;font-weight:400;border-top:1px solid var(--line)}
thead th{color:var(--ink-2);border-top:0}
td:last-child,th:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap}

.incident{padding:12px 0 24px}
.incident+.incident{border-top:1px solid var(--line);padding-top:20px}
.incident h3{font-weight:600;font-size:15px}
.incident.open h3{font-size:19px;line-height:28px;letter-spacing:-.01em}
.facts{display:flex;flex-wrap:wrap;gap:0 16px;color:var(--ink-2);font-size:13px;line-height:20px}
.updates{margin-top:12px;padding-left:16px;border-left:2px solid var(--line)}
.open .updates>li:first-child{border-left:2px solid var(--state);margin-left:-18px;padding-left:16px}
.updates>li+li{margin-top:12px}
.updates b{font-weight:600}
.updates p{white-space:pre-line;max-width:64ch}

.history>li{display:grid;grid-template-columns:152px 1fr;gap:0 16px;padding:12px 0;border-bottom:1px solid var(--line)}
.history>li:last-child{border-bottom:0}
.history .incident:first-child{padding-top:0}
.history .incident:last-child{padding-bottom:8px}

footer{margin-top:24px;padding:16px 0 48px;border-top:1px solid var(--line);display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 24px;color:var(--ink-2);font-size:13px;line-height:20px}
footer ul{display:flex;flex-wrap:wrap;gap:0 16px}
footer a{color:inherit}
.notice{padding:96px 0 64px}
.notice h1{font-size:28px;line-height:36px;font-weight:600;letter-spacing:-.015em}
.notice p{max-width:60ch;margin-top:8px;color:var(--ink-2)}

@media (max-width:599px){
.sheet{padding:0 16px}
header{padding:24px 0 16px}
.answer{grid-template-columns:24px 1fr;gap:4px 12px;padding:20px 0 24px}
.answer .icon{width:24px;height:24px;margin-top:4px}
.answer h2{font-size:24px;line-height:32px}
.part{padding-top:24px}
.group>.component{padding-left:12px}
.history>li{grid-template-columns:1fr}
.scale{grid-template-columns:auto 1fr auto}
.scale b{text-align:center}
.wide{display:none}
th,td{padding-right:8px}
}
@media (forced-colors:active){.bars i{forced-color-adjust:none}}
@media print{
:root{--surface:#fff;--ink:#000;--ink-2:#444;--line:#bbb;--state-up:#0a766b;--state-degraded:#946000;--state-down:#c22f0a;--state-unknown:#686d73;--state-maintenance:#6a48ad;--gap:#bbb}
.bars i{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.component,.incident{break-inside:avoid}
details,footer ul{display:none}
}
`.trim();
