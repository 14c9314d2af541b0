package io.github.t6j.grammar;

import io.github.t6j.NullArguments;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.List;
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
        TokenGrammar.Vocabulary vocabulary = new TokenGrammar.Vocabulary(tokenizer, 100, Set.of());
        Map<Class<?>, Object> own =
                Map.of(Tokenizer.class, tokenizer, TokenGrammar.Vocabulary.class, vocabulary);
        nulls.tryAll(Grammar.regex("a*"), Grammar.class, own);
        for (Class<?> type : List.of(TokenGrammar.class, TokenGrammar.Vocabulary.class)) {
            nulls.tryAll(null, type, own);
        }
        nulls.tryAll(new TokenGrammar(Grammar.regex("[a-z]*"), vocabulary).newMatcher(), GrammarMatcher.class, own);
        nulls.assertRefused(10);
    }
}
