<#import "tables.ftl" as t>
# t6j benchmarks: ${machine.cpu()}

${machine.software()}, on ${machine.cpu()}, ${machine.family()!"family not known"}, ${machine.cores()} cores; JDK ${any.jdkVersion()}, ${machine.kernels()}; suite ${machine.suite()}, ${machine.date()}.
<#if report.advised()?has_content>

## Which attention for my context?

Fastest decode step of one layer, its time, and the times of the others as multiples of it. Attentions in the cell of the fastest are within 5 % of it, and their intervals overlap. “?” marks other attentions whose interval overlaps that of the fastest: another run may order them differently.
<#list report.advised() as group>

${group.setting().text()}:

| tokens | fastest | its time | the others |
|--:|---|--:|---|
<#list report.advice(group) as row>
| ${row.context()} | ${row.fastest()} | ${row.time()} | ${row.others()} |
</#list>
</#list>
</#if>
<#list report.mains() as group>

## TPA and the other attentions: ${group.setting().rest()}

Time of one decode step of one layer's attention, read from memory: ${group.setting().shapeText()}. The column “time ÷ TPA's” is that of the longest context.

<@t.main group/>
</#list>

## How to read this

- TPA, the attention that t6j is made for, comes first; the others answer the same queries from caches in other formats. T6 is the language model with TPA; figures of models draw it in TPA's colour.
- Equal heads compare caches and kernels; equal parameters compare models of the same size. Every table and figure says which.
- Times of attention are for one layer. A whole model also reads all its weights for each token, so it gains less.
- ± and error bars are 95 % intervals of the mean over the forks, or over the iterations if there is one fork. † in tables and hollow markers in figures show results whose forks differ by more than 10 %, also when measured again, and shares of limits whose forks do. Between runs, for example because of other programs on a shared machine, ignore differences below 1.5 × in results that read from memory.
- “Of limit” is the share of the nearer limit: the highest read bandwidth and the highest rate of multiply-adds in this run. The report explains each share above 100 %.
<#if report.groups()?has_content>

## Decode attention, all settings

Time of one decode step of one layer: scores, softmax and values of one query for each sequence of the batch, over a cache of that many tokens. “Equal heads” gives all attentions as many query heads, as the paper's figures 5, 7 and 8 do; “equal parameters” gives each the heads of the paper's language model of that size.

<@t.latents report.attentions()/>

<#list report.plots() as plot>
${plot}
</#list>

<#if report.uncertain()?has_content>
These error bars exceed ±25 %, because ${(any.forks() > 1)?then("forks", "iterations of the only fork")} took different times:

<#list report.uncertain() as r>
- ${r.shortKey()}: ${r.seconds().time()}, of ${r.times()}
</#list>

</#if>
<#assign rows = 0>
<#list report.groups() as group><#assign rows += group.numbers()?size></#list>
<@t.fold rows>
| setting | tokens |<#list report.attentions() as a> ${names[a]} |</#list>
|---|--:|<#list report.attentions() as a>--:|</#list>
<#list report.groups() as group>
<#list group.numbers() as context>
| ${group.setting().text()} | ${context} |<#list report.attentions() as a> ${group.time(a, context)} |</#list>
</#list>
</#list>
</@t.fold>

## Cache

Bytes that one token takes in one layer's cache.

| shape and type |<#list report.attentions() as a> ${names[a]} |</#list>
|---|<#list report.attentions() as a>--:|</#list>
<#list report.caches() as group>
| ${group.setting().shapeText()}, ${group.setting().cacheType()} |<#list report.attentions() as a> ${group.bytes(a)} |</#list>
</#list>
</#if>
<#if report.models()?has_content>

## Whole models

Random weights of the paper's small size: equal parameters (124 M), not equal heads. Prefill feeds a prompt into an empty cache; decode feeds one token after that many others. Both end with logits.

<@t.models/>
</#if>
<#if report.limits().rows()?has_content>

## Limits of the machine

Limits of any kernel, measured by PeakBenchmark at both ends of the same run. The higher of the two counts.

| limit | threads | at the beginning | at the end |
|---|---|--:|--:|
<#list report.limits().rows() as row>
| ${row.name()} | ${row.threads()} | ${row.first()} | ${row.last()} |
</#list>
</#if>
<#if report.fractions()?has_content>

## Fraction of the limits

Share of the nearer limit: bytes read of the read bandwidth, or multiplications and additions of the multiply-add peak, with the same number of threads. A kernel that does both cannot reach 100 %.

<@t.fold report.fractions()?size>
| benchmark | bytes | operations | of limit |
|---|--:|--:|--:|
<#list report.fractions() as r>
| ${r.shortKey()} | ${r.rate("B/s", "bytesPerSecond", "bytes")} | ${r.rate("FLOP/s", "flopsPerSecond", "flops")} | ${report.limits().of(r)} |
</#list>
</@t.fold>
</#if>
<#if report.others()?has_content>

## Other kernels

<@t.fold report.others()?size>
| benchmark | time per operation |
|---|--:|
<#list report.others() as r>
| ${r.shortKey()} | ${r.markedTime()} |
</#list>
</@t.fold>
</#if>
<#if report.proven()?has_content>

## Evidence

Difference of the slowest fork and the fastest, and whether a difference above 10 % made the suite measure the point again. Bytes that an operation allocates in the steady state, by JMH's -prof gc: those of the least iteration, of the fork with the most. Instructions and cycles for each byte of the cache or the weights, where perf may count them. Kernels, and CRC-32C of the output: the same kernels give the same hash in each fork and version, unless a kernel changed its results.

<@t.fold report.proven()?size>
| benchmark | forks differ by | again | allocated | instructions/B | cycles/B | kernels | output |
|---|--:|---|--:|--:|--:|---|---|
<#list report.proven() as r>
| ${r.shortKey()} | ${r.spread()} | ${r.evidence().again()?then("yes", "no")} | ${r.allocated()} | ${r.perByte("instructions")} | ${r.perByte("cycles")} | ${r.kernels()} | ${r.outputs()} |
</#list>
</@t.fold>
</#if>
<#if report.skipped()?has_content>

## Not measured

| point | reason |
|---|---|
<#list report.skipped() as point, reason>
| ${point} | ${reason} |
</#list>
</#if>

## Machine and method

| property | value |
|---|---|
| t6j | ${machine.software()} |
| CPU | ${machine.cpu()}, ${machine.cores()} cores for the JVM |
| CPU family | ${machine.family()!"not known"} |
| L3 | ${report.thirdLevel()} |
| memory | ${machine.memory()} GB |
| system | ${machine.system()} |
| JDK | ${any.vmName()} ${any.vmVersion()} |
| flags | ${report.all("flags")} |
| kernels | ${machine.kernels()} |
| suite | ${machine.suite()}, ${machine.date()} |
| JMH | ${report.all("method")} |
