package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.TestData;
import io.github.t6j.tokenizer.GoldTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests masks against a parse of each token by itself. */
class TokenGrammarTest {
    private static final String SCHEMA = """
            {"type": "object", "properties": {
              "name": {"type": "string", "maxLength": 11, "pattern": "^[A-Zé🙂]"},
              "age": {"type": "integer", "minimum": 7, "maximum": 130},
              "friends": {"type": "array", "items": {"$ref": "#"}, "maxItems": 3}},
             "required": ["name"]}""";

    @ParameterizedTest
    @ValueSource(strings = {"bpe4096", "mistral-v0.3", "qwen3", "llama3-small", "tekken-small"})
    void aTokenIsAllowedIfItsBytesParse(String name, @TempDir Path folder) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(name.equals("bpe4096")
                ? TestData.path("tokenizers/bpe4096")
                : GoldTokenizer.unpack(name, folder));
        Grammar grammar = Grammar.jsonSchema(SCHEMA);
        int end = tokenizer.endOfText();
        TokenGrammar tokens = new TokenGrammar(grammar,
                new TokenGrammar.Vocabulary(tokenizer, tokenizer.size(), end < 0 ? Set.of() : Set.of(end)));
        Random random = new Random(7);
        for (int run = 0; run < 3; run++) {
            GrammarMatcher matcher = tokens.newMatcher();
            StringBuilder text = new StringBuilder();
            Parser.State state = grammar.parser().start();
            for (int step = 0; step < 30 && !matcher.isComplete(); step++) {
                BitSet allowed = matcher.allowed();
                for (int id = 0; id < tokenizer.size(); id++) {
                    boolean expected = id == end ? state.mayEnd() : parses(grammar, state, tokenizer, id);
                    assertThat(allowed.get(id)).as("%s after %s: id %s", name, text, id).isEqualTo(expected);
                }
                allowed.clear(Math.max(0, end));
                int[] ids = allowed.stream().toArray();
                int id = ids[random.nextInt(ids.length)];
                matcher.accept(id);
                text.append(new String(tokenizer.bytes(id), StandardCharsets.UTF_8));
                for (byte value : tokenizer.bytes(id)) {
                    state = grammar.parser().next(state, value & 0xFF);
                }
            }
        }
    }

    private static boolean parses(Grammar grammar, Parser.State from, Tokenizer tokenizer, int id) {
        if (!tokenizer.hasText(id) || tokenizer.isSpecial(id) || tokenizer.bytes(id).length == 0) {
            return false;
        }
        Parser.State state = from;
        for (byte value : tokenizer.bytes(id)) {
            state = grammar.parser().next(state, value & 0xFF);
        }
        return !state.isDead();
    }

    @Test
    void theMaskOfLogitsIsThatOfIds() {
        Tokenizer tokenizer = Tokenizer.load(TestData.path("tokenizers/bpe4096"));
        GrammarMatcher matcher = new TokenGrammar(
                Grammar.jsonObject(), new TokenGrammar.Vocabulary(tokenizer, tokenizer.size(), Set.of())).newMatcher();
        for (int id : tokenizer.encode("{\"a")) {
            matcher.accept(id);
        }
        float[] logits = new float[tokenizer.size() + 13];
        matcher.mask(logits);
        for (int id = 0; id < logits.length; id++) {
            assertThat(logits[id]).as("id " + id)
                    .isEqualTo(matcher.allowed().get(id) ? 0 : Float.NEGATIVE_INFINITY);
        }
        assertThat(matcher.allowed().cardinality()).isBetween(3_000, 4_090);
        assertThatThrownBy(() -> matcher.mask(new float[17])).hasMessageContaining("found 17");
    }

    @Test
    void aRejectedIdChangesNothing() {
        Tokenizer tokenizer = Tokenizer.gpt2();
        int end = tokenizer.endOfText();
        GrammarMatcher matcher = new TokenGrammar(
                Grammar.regex("ab?"), new TokenGrammar.Vocabulary(tokenizer, tokenizer.size(), Set.of(end)))
                .newMatcher();
        int a = tokenizer.encode("a")[0];
        int b = tokenizer.encode("b")[0];
        assertThatThrownBy(() -> matcher.accept(b)).hasMessage(
                "id: expected one that the grammar allows here, found " + b);
        assertThatThrownBy(() -> matcher.accept(end)).isInstanceOf(IllegalArgumentException.class);
        matcher.accept(a);
        assertThat(matcher.mayEnd()).isTrue();
        assertThat(matcher.isComplete()).isFalse();
        assertThat(matcher.allowed().stream()).containsExactlyInAnyOrder(b, end);
        matcher.accept(b);
        assertThat(matcher.isComplete()).isTrue();
        assertThat(matcher.allowed().stream()).containsExactly(end);
        matcher.accept(end);
        assertThat(matcher.allowed().stream()).isEmpty();
    }
}
