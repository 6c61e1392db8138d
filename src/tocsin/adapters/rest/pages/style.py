"""How the documentation looks: one sheet, in the page itself, light and dark, wide and narrow."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d2129;--soft:#596273;--paper:#fff;--well:#f4f5f7;
--line:#dfe2e8;--link:#0b57a4;--read:#2f6f4f;--make:#8a4b00;--end:#a3262a}
@media (prefers-color-scheme:dark){:root{--ink:#e4e7ec;--soft:#a0a8b6;--paper:#15181d;
--well:#1e2229;--line:#333a45;--link:#7db7f5;--read:#7fc9a2;--make:#e8b26a;--end:#f09a9d}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,pre:focus-visible{outline:2px solid var(--link);
outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
.layout{max-width:78rem;margin:0 auto;padding:1rem}
h1{font-size:1.9rem;margin:.5rem 0 0}h1+p{margin-top:.2rem;color:var(--soft)}
h2{font-size:1.4rem;margin:3rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:2.2rem 0 .3rem}
h4{font-size:.9rem;margin:1.1rem 0 .2rem;color:var(--soft)}
p{margin:.4rem 0;max-width:46rem}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
p code,li code,td code{background:var(--well);border-radius:3px;padding:.05em .3em}
pre{background:var(--well);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;
overflow-x:auto;margin:.5rem 0}
pre code{overflow-wrap:normal}
.at{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline;margin:0}
.method{font-weight:700;color:var(--make)}.method.GET{color:var(--read)}.method.DELETE{color:var(--end)}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;
border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:.85rem}
.must{color:var(--end);white-space:nowrap}.may{color:var(--soft)}
:target{background:color-mix(in srgb,var(--link) 14%,transparent)}
nav ul{list-style:none;margin:.2rem 0 .6rem;padding:0 0 0 .8rem}
nav li{margin:.12rem 0;font-size:.92rem}
nav summary{cursor:pointer;padding:.15rem 0}
@media (min-width:60rem){.layout{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:3rem}
nav{position:sticky;top:0;max-height:100vh;overflow-y:auto;padding:1rem 0}}
@media print{nav{display:none}.layout{display:block}}
"""
