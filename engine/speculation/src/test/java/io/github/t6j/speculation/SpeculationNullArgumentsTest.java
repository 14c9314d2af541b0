package io.github.t6j.speculation;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.NullArguments;
import io.github.t6j.TestData;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.sampling.ConstraintMatcher;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests that the public methods of speculation refuse null by name, unless null is documented. */
class SpeculationNullArgumentsTest {
    private final NullArguments nulls = new NullArguments(Set.of("Speculation.begin:2"), type -> null);

    @Test
    void nullsAreRejectedWithTheirNames() {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1))) {
            ConstraintMatcher matcher = model.tokenGrammar(Grammar.regex("a*")).newMatcher();
            nulls.tryAll(Speculation.ngrams(), Speculation.class,
                    Map.of(Model.class, model, ConstraintMatcher.class, matcher));
        }
        nulls.assertRefused(6);
    }
}
