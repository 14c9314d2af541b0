package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.tokenizer.GoldTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests SmolLM2's vocabulary, which has no token for the byte 0xF1. */
class MissingBytesTest {
    @Test
    void noTextNeedsAByteWithoutAToken(@TempDir Path folder) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(GoldTokenizer.unpack("smollm2", folder));
        TokenGrammar.Vocabulary vocabulary = new TokenGrammar.Vocabulary(tokenizer, tokenizer.size(), Set.of());
        // U+41000 begins with F1 in UTF-8, U+1F642 with F0
        GrammarMatcher matcher =
                new TokenGrammar(Grammar.regex("[\\u{41000}\\u{1F642}]"), vocabulary).newMatcher();
        assertThat(matcher.allowed().stream()).isNotEmpty()
                .allSatisfy(id -> assertThat(tokenizer.bytes(id)[0]).isEqualTo((byte) 0xF0));
        assertThatThrownBy(() -> new TokenGrammar(Grammar.regex("\\u{41000}"), vocabulary))
                .hasMessageContaining("expected at least one text that matches");
    }
}
