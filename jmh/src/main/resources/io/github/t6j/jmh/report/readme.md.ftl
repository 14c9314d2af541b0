<#import "tables.ftl" as t>
Made by `java -jar jmh/target/benchmarks.jar ${command}` on ${machine.processor()}, ${machine.cores()} cores, JDK ${any.jdkVersion()}, ${machine.kernels()}, ${machine.software()} (${machine.date()}); more in [${link}](${link}/summary.md).
<#list report.mains() as group>

Time of one decode step of one layer's attention, ${group.setting().text()}:

<@t.main group/>
</#list>
<#if report.models()?has_content>

Whole models of random weights, equal parameters (124 M), tokens per second:

<@t.models/>
</#if>
