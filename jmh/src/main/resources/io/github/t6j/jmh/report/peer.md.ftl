# Speed of ${names}: ${machine.cpu()}

${machine.software()}, on ${machine.processor()}, ${machine.cores()} cores, ${plan.threads()} threads each; JDK ${jdk}, ${machine.kernels()}; ${machine.date()}.

Tokens per second in the fastest of ${plan.rounds()} rounds, with the median in parentheses. Bold: the fastest round is faster than all of t6j's.
<#list types as type, rows>

## ${type} weights

<#list plots as plot><#if plot.name() == "peer-" + type>
${plot}

</#if></#list>
| test |<#list columns as column> ${column} |</#list><#list ratios as ratio> ${ratio} |</#list>
|---|<#list columns as column>--:|</#list><#list ratios as ratio>--:|</#list>
<#list rows as row>
| <#list row as cell>${cell}<#sep> | </#list> |
</#list>
</#list>

## How it was measured

- Models have random weights. T6 (34 heads × 64), MHA (12 heads × 64) and GQA (22 heads × 64, 2 key heads) have equal parameters (124 M); smollm2-135m and qwen2-0.5b have the sizes of these models. All engines but Jlama read the same GGUF files; none but t6j has T6, the language model with TPA, which has TPA's colour.
- Each round measures every model in all engines alternately.
- llama.cpp's cache is f16, its default; t6j's is bf16, of the same size. Jlama and jinfer run in processes of their own. In q4_0 files, llama.cpp's quantiser keeps the embedding in q6_K; T6's is q4_0.
<#list engines as engine>
- ${engine}.
</#list>
- Made by `java -jar jmh/target/benchmarks.jar ${plan.command()} --out DIR`.
