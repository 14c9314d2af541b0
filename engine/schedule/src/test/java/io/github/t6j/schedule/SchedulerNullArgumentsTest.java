package io.github.t6j.schedule;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.NullArguments;
import io.github.t6j.TestData;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests that the scheduler's public methods refuse null by name, unless null is documented. */
class SchedulerNullArgumentsTest {
    private final NullArguments nulls = new NullArguments(
            Set.of("SchedulerOptions.withTimeout:0", "SchedulerOptions.withPrefixFolder:0",
                    "SchedulerOptions.withSpeculation:0"),
            type -> type == SchedulerOptions.class ? SchedulerOptions.defaults() : null);

    @Test
    void nullsAreRejectedWithTheirNames() {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
                Scheduler scheduler = new Scheduler(model)) {
            for (Object target : List.of(SchedulerOptions.defaults(), scheduler)) {
                nulls.tryAll(target, target.getClass(), Map.of(Model.class, model));
            }
        }
        nulls.assertRefused(15);
    }
}
