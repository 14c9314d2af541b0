package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests requests under grammars. */
class ConstrainedRequestsTest {
    private static final String PERSON = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20},
              "age": {"type": "integer", "minimum": 0, "maximum": 120}}, "required": ["name", "age"]}""";

    private static GenerationOptions options(Grammar grammar, long seed) {
        return GenerationOptions.defaults().withMaxTokens(200).withGrammar(grammar)
                .withSampling(SamplingOptions.defaults().withSeed(seed));
    }

    @Test
    void aSchedulerGivesTheTextOfASessionAlone() throws Exception {
        Grammar grammar = Grammar.jsonSchema(PERSON);
        try (Model model = Model.load(TestData.tiny()); Scheduler scheduler = new Scheduler(model)) {
            List<GenerationHandle> handles = new ArrayList<>();
            for (int seed = 0; seed < 12; seed++) {
                handles.add(scheduler.submit("Answer:", options(seed % 3 == 0 ? null : grammar, seed)));
            }
            for (int seed = 0; seed < 12; seed++) {
                try (Session session = model.newSession()) {
                    Generation alone = session.generate("Answer:", options(seed % 3 == 0 ? null : grammar, seed));
                    assertThat(handles.get(seed).result().get().text()).as("seed " + seed).isEqualTo(alone.text());
                }
            }
        }
    }
}
