<#-- Folds long tables. -->
<#macro fold rows>
<#if (rows > 24)>
<details><summary>${rows} rows</summary>

</#if>
<#nested>
<#if (rows > 24)>

</details>
</#if>
</#macro>
<#-- The most important table of a group of decode steps. -->
<#macro main group>
| attention |<#list group.contexts() as context> ${context} tokens |</#list> time ÷ TPA's | cache, bytes per token |
|---|<#list group.contexts() as context>--:|</#list>--:|--:|
<#list group.attentions() as a>
| ${names[a]} |<#list group.contexts() as context> ${group.time(a, context)} |</#list> ${group.ratio(a)} | ${group.bytes(a)} |
</#list>
</#macro>
<#macro models>
| model | test | weights | cache | threads | tokens/s | of limit |
|---|---|--:|--:|--:|--:|--:|
<#list report.models() as r>
| ${r.param("model")} | ${r.test()} | ${r.param("type")} | ${r.param("cacheType")} | ${r.param("threads")} | ${r.markedTokens()} | ${report.limits().of(r)!"–"} |
</#list>
</#macro>
<#-- Items of a list that explain the attentions on latents. -->
<#macro latents attentions>
<#if attentions?seq_contains("gla")>
- GLA-2 is Grouped Latent Attention: MLA with two latents of half the size, each for half of the heads.
</#if>
<#if attentions?seq_contains("mlra")>
- MLRA-4 is Multi-Head Low-Rank Attention with four branches: MLA with four latents of a quarter of the size. Each head attends once over each, and adds the four outputs.
</#if>
</#macro>
