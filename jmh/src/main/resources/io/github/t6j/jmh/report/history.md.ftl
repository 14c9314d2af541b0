# t6j benchmarks: history

Each row of a suite is a run at a commit, and each column of peer. A share is the part of the machine's nearest limit, read bandwidth or multiply-adds, that a decode step of the longest context reaches, measured in the same run. A ratio is the speed of t6j divided by llama.cpp's on the same file. Shares and ratios can be compared over commits of one machine; times cannot.

Steps have the paper's shape with equal heads, one sequence, and an f32 cache in memory, on all cores, at the longest context of the suite. A share above 100 % means that memory was slower while the limit was measured, or that a part of the cache lay in L3. † marks shares of a step or a limit whose forks differ by more than 10 %; hollow markers do so in figures.
<#list parts as part>

## ${part.suite()} on ${part.machine()}

<#list part.plots() as plot>
${plot}

</#list>
<#if part.isPeer()>
| test |<#list part.lines() as line> ${line.commit()}, ${line.date()} |</#list>
|---|<#list part.lines() as line>--:|</#list>
<#list part.names() as name>
| ${name} |<#list part.lines() as line> ${line.ratio(name)} |</#list>
</#list>
<#else>
| commit | date | forks |<#list part.names() as name> ${names[name]!name} |</#list>
|---|---|--:|<#list part.names() as name>--:|</#list>
<#list part.lines() as line>
| ${line.commit()} | ${line.date()} | ${line.forks()!"–"} |<#list part.names() as name> ${line.ratio(name)} |</#list>
</#list>
</#if>
</#list>
