extension HTMLReport {
  /// The style of the page: one column, figures up to 720 pixels, light and dark, fit for print.
  static let styleSheet = """
    :root { color-scheme: light dark; --ink: #1c1e21; --quiet: #5c6168; --line: #dfe2e6;
      --ground: #ffffff; --band: #f5f6f8; --accent: #008a63; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e6e6e6; --quiet: #a3a7ae; --line: #33373e; --ground: #16181c;
        --band: #1e2126; --accent: #2fc495; }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
    h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; overflow-wrap: anywhere; }
    .findings { margin: 0; padding: .9rem 1.1rem .9rem 2.1rem; background: var(--band);
      border-left: 4px solid var(--accent); border-radius: 4px; }
    .findings li + li { margin-top: .5rem; }
    .scroll { overflow-x: auto; }
    .caption { color: var(--quiet); font-size: .875rem; margin: .6rem 0 0; max-width: 46rem; }
    table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .35rem .65rem; text-align: right; white-space: nowrap; }
    th { font-weight: 600; }
    tbody th { font-weight: 400; }
    .scroll tr > :first-child { position: sticky; left: 0; background: var(--ground); }
    .left { text-align: left; }
    thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
    tbody th, tbody td { border-bottom: 1px solid var(--line); }
    strong { color: var(--accent); font-weight: 700; }
    .columns { display: flex; flex-wrap: wrap; gap: 0 3rem; }
    .columns > div { min-width: 0; max-width: 100%; }
    figure { margin: 0; }
    figure svg { display: block; width: 100%; min-width: 600px; max-width: 720px; height: auto; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; margin: 0;
      font-size: .9375rem; }
    dt { font-weight: 600; }
    dd { margin: 0; }
    details { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: .75rem; }
    summary { cursor: pointer; font-weight: 600; }
    pre { background: var(--band); padding: 1rem; border-radius: 4px; overflow-x: auto;
      font: .8125rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
    @media (max-width: 40rem) {
      main { padding: 1.25rem 1rem 3rem; }
      dl { grid-template-columns: 1fr; gap: 0; }
      dd { margin-bottom: .6rem; }
    }
    @media print {
      body { font-size: 10pt; }
      main { max-width: none; padding: 0; }
      section, figure, tr { break-inside: avoid; }
      .scroll { overflow: visible; }
      table { font-size: 8pt; }
      th, td { padding: .2rem .35rem; }
      figure svg { min-width: 0; }
      pre { white-space: pre-wrap; }
    }

    """
}
