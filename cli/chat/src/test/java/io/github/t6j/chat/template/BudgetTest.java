package io.github.t6j.chat.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Malicious templates soon end with an exception. */
@Timeout(120)
class BudgetTest {
    private static final long STACK = 512 << 10;
    private static final long MAX_BYTES = 1L << 30;

    /** Returns the text of a template or its error, rendered in a thread with a small stack. */
    private static String run(String template) {
        String[] result = new String[1];
        Thread thread = new Thread(null, () -> {
            try {
                result[0] = ChatTemplate.parse("t", template, Map.of()).render(List.of(), false, Map.of());
            } catch (ChatTemplateException refused) {
                result[0] = "refused: " + refused.getMessage();
            } catch (Throwable other) {
                result[0] = "failed: " + other;
            }
        }, "template", STACK);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return result[0];
    }

    static List<String> endless() {
        return List.of(
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% set n = namespace(l=[1]) %}{% for a in range(99999) %}{% set n.l = n.l + n.l %}{% endfor %}",
                "{% set a = 'a' * 999999 %}{% for i in range(99999) %}{{ a.strip('b')|length }}{% endfor %}",
                "{% set a = 'a' * 999999 %}{% for i in range(99999) %}{{ a[7] }}{% endfor %}",
                "{% set a = 'a' * 999999 %}{% set b = 'a' * 499999 ~ 'b' %}{% for i in range(9999) %}"
                        + "{{ b in a }}{{ a.split(b) }}{% endfor %}",
                "{% set a = [1] * 99999 %}{% for i in range(99999) %}{{ 2 in a }}{% endfor %}",
                "{% set a = [1] * 99999 %}{% for i in range(99999) %}{{ a == a + [] }}{% endfor %}",
                "{% set a = range(99999)|list %}{% for i in range(99999) %}{% set b = a|sort(reverse=true) %}{% endfor %}",
                "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m(k) %}{% if k %}{{ m(k - 1) }}{{ m(k - 1) }}{% endif %}{% endmacro %}{{ m(50) }}",
                "{{ [1] * 999999999999 }}", "{{ 'a' * 999999999999 }}", "{{ 'a'|indent(999999999999, true) }}",
                "{{ [1]|tojson(indent=999999999999) }}", "{{ range(-999999999999, 999999999999) }}");
    }

    @ParameterizedTest
    @MethodSource("endless")
    void endlessTemplatesAreEnded(String template) {
        assertThat(run(template)).startsWith("refused: t:1: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n.a ~ n.a", "n.a + n.a", "n.a * 2", "n.a.replace('', 'xx')", "n.a|replace('a', 'aa')",
        "n.a|tojson", "[n.a, n.a]|string", "[n.a, n.a]|join('ab')", "n.a.join(['a', n.a, 'c'])",

        "n.a ~ n.a|upper", "'%s'|replace('%s', n.a ~ n.a)", "n.a|list|join('bb')", "n.a|reverse ~ n.a"})
    void textsDoNotDoubleForEver(String doubled) {
        String template = "{% set n = namespace(a='a\"') %}{% for i in range(99) %}{% set n.a = " + doubled
                + " %}{% endfor %}{{ n.a|length }}";
        assertThat(run(template)).startsWith("refused: t:1: the template makes too much text or too many lists");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n.a|string", "n.a|tojson", "n.a == n.b", "n.a < n.b", "n.a ~ ''",
        "n.a in [n.b]", "[n.b, n.a]|sort"})
    void valuesOfSharedPartsAreNotUnfolded(String unfolded) {
        String template = "{% set n = namespace(a=[1], b=[1]) %}{% for i in range(40) %}{% set n.a = [n.a, n.a] %}"
                + "{% set n.b = [n.b, n.b] %}{% endfor %}{{ (" + unfolded + ")|string|length }}";
        assertThat(run(template)).startsWith("refused: t:1: ");
    }

    static List<String> nested() {
        List<String> nested = new ArrayList<>();
        for (int depth : new int[] {100, 5000}) {
            nested.add("{{ " + "(".repeat(depth) + "1" + ")".repeat(depth) + " }}");
            nested.add("{{ " + "[".repeat(depth) + "1" + "]".repeat(depth) + " }}");
            nested.add("{{ " + "{'a': ".repeat(depth) + "1" + "}".repeat(depth) + " }}");
            nested.add("{{ " + "x(".repeat(depth) + "1" + ")".repeat(depth) + " }}");
            nested.add("{{ " + "not ".repeat(depth) + "1 }}");
            nested.add("{{ " + "- ".repeat(depth) + "1 }}");
            nested.add("{{ " + "1 if 0 else ".repeat(depth) + "1 }}");
            nested.add("{{ " + "'a' is in [".repeat(depth) + "]".repeat(depth) + " }}");
            nested.add("{% if 1 %}".repeat(depth) + "{% endif %}".repeat(depth));
            nested.add("{% for x in [1] %}".repeat(depth) + "{% endfor %}".repeat(depth));
            nested.add("{% macro m() %}".repeat(depth) + "{% endmacro %}".repeat(depth));
            nested.add("{% set " + "(".repeat(depth) + "a" + ")".repeat(depth) + " = 1 %}");
        }
        for (String chain : List.of(" + 1", "|string", ".a", " or 0", " * 1", "[0]")) {
            nested.add("{{ 0" + chain.repeat(5000) + " }}");
        }
        nested.add("{% macro m(k) %}{% for i in [1] %}{% set y %}{{ [1 + m(k + 1)|int] }}{% endset %}{% endfor %}"
                + "{% endmacro %}{{ m(1) }}");
        nested.add("{% macro m(k, j=m(k)) %}{% endmacro %}{{ m(1) }}");
        for (String use : List.of("n.a", "n.a|tojson", "n.a == n.b", "n.a < n.b", "n.a in [n.b]")) {
            nested.add("{% set n = namespace(a=1, b=1) %}{% for i in range(9999) %}{% set n.a = [n.a] %}"
                    + "{% set n.b = [n.b] %}{% endfor %}{{ " + use + " }}");
        }
        return nested;
    }

    @ParameterizedTest
    @MethodSource("nested")
    void deepNestingIsRefused(String template) {
        assertThat(run(template)).startsWith("refused: t:1: expected at most ");
    }

    @Test
    void usualNestingIsNotTooDeep() {
        assertThat(run("{{ " + "(".repeat(40) + "1" + ")".repeat(40) + " }}")).isEqualTo("1");
        assertThat(run("{{ 1" + " + 1".repeat(150) + " }}")).isEqualTo("151");
        assertThat(run("{% if 1 %}".repeat(40) + "a" + "{% endif %}".repeat(40))).isEqualTo("a");
        assertThat(run("{% if 0 %}" + "{% elif 0 %}".repeat(2000) + "{% else %}a{% endif %}")).isEqualTo("a");
        assertThat(run("{% macro m(k) %}{{ m(k - 1) if k }}{% endmacro %}[{{ m(30) }}]")).isEqualTo("[]");
    }

    @Test
    void longTemplatesAreReadUpToABound() {
        assertThat(run("{{1}}".repeat(200_000))).isEqualTo("1".repeat(200_000));
        assertThat(run("a".repeat((1 << 20) + 1)))
                .isEqualTo("refused: t: expected a template of at most 1048576 characters, found 1048577");
    }

    /** The budget grows with the size of the input. */
    @Test
    void longConversationsAreRendered() {
        GoldTemplates qwen3 = GoldTemplates.all().stream().filter(gold -> gold.name().equals("qwen3")).findFirst()
                .orElseThrow();
        List<Map<String, Object>> messages = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            messages.add(Map.of("role", "user", "content", "Question <think> " + i + " ".repeat(500)));
            messages.add(Map.of("role", "assistant", "content", "<think>\n" + "Hm. ".repeat(200) + "</think>\n\nYes."));
        }
        assertThat(qwen3.parse().render(messages, true, Map.of())).hasSizeGreaterThan(1_000_000);
    }

    @Test
    void memoryIsBounded() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (String template : endless()) {
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                ChatTemplate.parse("t", template, Map.of()).render(List.of(), false, Map.of());
            } catch (ChatTemplateException refused) {
                assertThat(threads.getCurrentThreadAllocatedBytes() - before).as(template).isLessThan(MAX_BYTES);
            }
        }
    }
}
