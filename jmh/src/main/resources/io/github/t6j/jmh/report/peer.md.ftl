# t6j and llama.cpp: ${machine.cpu()}

${machine.software()} and llama.cpp 0.5.0, on ${machine.processor()}, ${machine.cores()} cores, ${threads} threads each; JDK ${jdk}, ${machine.kernels()}; ${machine.date()}.

Tokens per second in the fastest of ${rounds} rounds, with the median in parentheses. Bold: llama.cpp's fastest round is faster than t6j's.
<#list types as type, rows>

## ${type} weights

<#list plots as plot><#if plot.name() == "peer-" + type>
${plot}

</#if></#list>
| test |<#list columns as column> ${column} |</#list><#list shared as model> ${model}: t6j ÷ llama.cpp |</#list>
|---|<#list columns as column>--:|</#list><#list shared as model>--:|</#list>
<#list rows as row>
| <#list row as cell>${cell}<#sep> | </#list> |
</#list>
</#list>

## How it was measured

- Models have random weights. T6 (34 heads × 64), MHA (12 heads × 64) and GQA (22 heads × 64, 2 key heads) have equal parameters (124 M); smollm2-135m and qwen2-0.5b have the sizes of these models. Both engines read the same GGUF files; llama.cpp has no T6.
- Each round measures every model in both engines in turn.
- llama.cpp's cache is f16, its default; t6j's is bf16, of the same size. In q4_0 files, llama.cpp's quantiser keeps the embedding in q6_K; T6's is q4_0.
- Made by `java -jar jmh/target/benchmarks.jar ${command}`.
