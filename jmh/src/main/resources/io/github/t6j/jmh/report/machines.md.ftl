<#import "tables.ftl" as t>
# t6j benchmarks: machines side by side

Decode steps of one layer's attention: 32 heads of 64 elements for every attention, an f32 cache that is read from memory, one sequence, as many threads as cores. Shares are of the limits that the same run measured on the same machine, so that a fast and a slow machine can be compared.

| folder | machine | kernels | suite | forks | date | commit | reads | multiply-adds |
|---|---|---|---|--:|---|---|--:|--:|
<#list machines.runs() as run>
| ${run.folder()} | ${run.name()} | ${run.machine().kernels()} | ${run.machine().suite()} | ${run.forks()} | ${run.machine().date()} | ${run.machine().commit()!"not recorded"} | ${run.memory()} | ${run.multiplyAdd()} |
</#list>

Each figure shows the share of the nearer limit, reads or multiply-adds, which its labels name. † marks limits and times whose forks differ by more than 10 %, also when measured again.
<#list plots as plot>

${plot}
</#list>

## Longest common context

Each attention reads, multiplies and adds at the same time, so even a good kernel stays below 100 % of both limits. A share of reads above 100 % means that memory was slower while its limit was measured, or that a part of the cache lay in L3.

| attention | tokens | machine | time of a step | of reads | of multiply-adds | nearer limit |
|---|--:|---|--:|--:|--:|---|
<#list machines.attentions() as a>
<#assign context = machines.context(a)>
<#list machines.runs() as run>
<#if run.has(a, context)>
| ${names[a]} | ${context} | ${run.folder()} | ${run.time(a, context)} | ${run.reads(a, context)} | ${run.operations(a, context)} | ${run.limit(a, context)} |
</#if>
</#list>
</#list>

<@t.latents machines.attentions()/>

To add a machine, run this on it in the project's folder, and commit the folder `jmh/results/MACHINE`, the page `jmh/results/machines.md` and its figures in `jmh/results/plots`. Do not commit the .html pages.

    java -jar jmh/target/benchmarks.jar report --suite quick --out jmh/results/MACHINE --machines jmh/results
