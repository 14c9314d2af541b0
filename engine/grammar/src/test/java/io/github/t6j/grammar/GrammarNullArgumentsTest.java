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
    void nullsAreRejectedWithTheirNames() {
        Tokenizer tokenizer = Tokenizer.load(TestData.tiny());
        Map<Class<?>, Object> arguments = Map.of(Tokenizer.class, tokenizer);
        nulls.tryAll(Grammar.regex("a*"), Grammar.class, arguments);
        TokenGrammar prepared = Grammar.regex("[a-z]*").prepare(tokenizer, 100, Set.of());
        nulls.tryAll(prepared, TokenGrammar.class, arguments);
        nulls.tryAll(prepared.newMatcher(), GrammarMatcher.class, arguments);
        nulls.assertRefused(9);
    }
}
