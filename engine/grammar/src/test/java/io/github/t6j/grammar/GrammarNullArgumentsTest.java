package io.github.t6j.grammar;

import io.github.t6j.NullArguments;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests that the public methods of grammars refuse null by name. */
class GrammarNullArgumentsTest {
    private final NullArguments nulls = new NullArguments(
            Set.of(), type -> type == Grammar.class ? Grammar.regex("a*") : null);

    @Test
    void nullsAreRefusedByName() {
        Tokenizer tokenizer = Tokenizer.load(TestData.tiny());
        Map<Class<?>, Object> own = Map.of(Tokenizer.class, tokenizer);
        nulls.tryAll(Grammar.regex("a*"), Grammar.class, own);
        TokenGrammar prepared = Grammar.regex("[a-z]*").prepare(tokenizer, 100, Set.of());
        nulls.tryAll(prepared, TokenGrammar.class, own);
        nulls.tryAll(prepared.newMatcher(), GrammarMatcher.class, own);
        nulls.assertRefused(9);
    }
}
