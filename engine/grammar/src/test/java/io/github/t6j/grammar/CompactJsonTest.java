package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** JSON without white space, and constructions that are interrupted. */
class CompactJsonTest {
    @Test
    void compactJsonHasNoWhiteSpaceBetweenTokens() {
        String schema = """
                {"properties": {"a": {"type": "string"}, "b": {"items": {"type": "number"}}, "c": {"type": "object"}},
                 "required": ["a", "b"]}""";
        Grammar compact = Grammar.compactJsonSchema(schema);
        assertThat(Texts.matches(compact, "{\"a\":\"x \\n y\",\"b\":[1,2.5],\"c\":{\"d\":[null]}}")).isTrue();
        for (String spaced : List.of("{ \"a\":\"\",\"b\":[]}", "{\"a\": \"\",\"b\":[]}", "{\"a\":\"\", \"b\":[]}",
                "{\"a\":\"\",\"b\":[1, 2]}", "{\"a\":\"\",\"b\":[],\"c\":{ }}", "\n{\"a\":\"\",\"b\":[]}")) {
            assertThat(Texts.matches(compact, spaced)).as(spaced).isFalse();
            assertThat(Texts.matches(Grammar.jsonSchema(schema), spaced)).as(spaced).isTrue();
        }
    }

    @Test
    void anInterruptEndsAConstruction() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Grammar.regex("(a|b)*a(a|b){12}")).isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }
}
