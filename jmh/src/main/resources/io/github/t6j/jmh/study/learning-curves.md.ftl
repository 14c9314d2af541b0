# t6j: learning curves

Thin lines: training loss, averaged over steps. Thick lines: loss of the validation data. Both in nats per token; the perplexity is e to the power of the loss.

<#list plots as plot>
${plot}
</#list>

| attention | run | parameters | steps | tokens | minutes | lowest validation loss | perplexity | at step |
|---|---|--:|--:|--:|--:|--:|--:|--:|
<#list runs as run>
<#assign last = run.steps()?last best = run.best()!{}>
| ${run.attention()} | ${run.name()?replace("<", "&lt;")} | ${run.parameters()} | ${last.step()} | ${last.tokens()} | ${(last.seconds() / 60)?string["0.0;; roundingMode=halfUp"]} | ${(best.validation()?string["0.0000;; roundingMode=halfUp"])!"–"} | ${(best.perplexity()?string["0.00;; roundingMode=halfUp"])!"–"} | ${(best.step())!"–"} |
</#list>
