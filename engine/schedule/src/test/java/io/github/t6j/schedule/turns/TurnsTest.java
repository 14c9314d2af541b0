package io.github.t6j.schedule.turns;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.schedule.turns.Turns.Admission;
import io.github.t6j.schedule.turns.Turns.MemoryUser;
import io.github.t6j.schedule.turns.Turns.Turn;
import io.github.t6j.schedule.turns.Turns.Work;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the turns of a scheduler by tables: one row for each state and event. */
class TurnsTest {
    private static Set<Work> work(String names) {
        Set<Work> work = EnumSet.noneOf(Work.class);
        Arrays.stream(names.split(" ")).map(Work::valueOf).forEach(work::add);
        return work;
    }

    /** The state is what the passes before found to do, separated by commas. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # passes before               | ready                              | expected
                                          | STEP                               | STEP
                                          | DUE_STEP STEP                      | STEP
                                          | STEP SHORT_PROMPTS                 | STEP
                                          | STEP PROMPTS                       | OLDEST_PROMPT
                                          | STEP SHORT_PROMPTS TEXTS           | OLDEST_PROMPT
                                          | STEP SHORT_PROMPTS RECOMPUTATION   | RECOMPUTATION
                                          | STEP RECOMPUTATION                 | RECOMPUTATION
                                          | STEP TEXTS                         | TEXTS
                                          | DUE_STEP STEP PROMPTS TEXTS        | STEP
                                          | DUE_STEP STEP RECOMPUTATION        | STEP
                                          | SHORT_PROMPTS                      | OLDEST_PROMPT
                                          | PROMPTS                            | OLDEST_PROMPT
            PROMPTS                       | PROMPTS                            | SHORTEST_PROMPT
            PROMPTS                       | SHORT_PROMPTS                      | SHORTEST_PROMPT
            PROMPTS, PROMPTS              | PROMPTS                            | OLDEST_PROMPT
            PROMPTS, STEP                 | PROMPTS                            | SHORTEST_PROMPT
            PROMPTS, TEXTS                | PROMPTS                            | SHORTEST_PROMPT
            PROMPTS, RECOMPUTATION        | PROMPTS                            | SHORTEST_PROMPT
                                          | PROMPTS TEXTS                      | OLDEST_PROMPT
            PROMPTS                       | PROMPTS TEXTS                      | TEXTS
            PROMPTS                       | TEXTS                              | TEXTS
            PROMPTS, DUE_STEP             | PROMPTS TEXTS                      | TEXTS
            TEXTS                         | PROMPTS TEXTS                      | OLDEST_PROMPT
            TEXTS                         | TEXTS                              | TEXTS
            TEXTS                         | STEP TEXTS                         | TEXTS
            PROMPTS, TEXTS                | PROMPTS TEXTS                      | SHORTEST_PROMPT
            PROMPTS, TEXTS, PROMPTS       | PROMPTS TEXTS                      | TEXTS
                                          | PROMPTS RECOMPUTATION              | RECOMPUTATION
            RECOMPUTATION                 | PROMPTS RECOMPUTATION              | OLDEST_PROMPT
            RECOMPUTATION                 | RECOMPUTATION                      | RECOMPUTATION
            RECOMPUTATION                 | STEP RECOMPUTATION                 | RECOMPUTATION
            RECOMPUTATION, PROMPTS        | PROMPTS RECOMPUTATION              | RECOMPUTATION
            RECOMPUTATION                 | RECOMPUTATION TEXTS                | TEXTS
            RECOMPUTATION                 | PROMPTS RECOMPUTATION TEXTS        | TEXTS
            RECOMPUTATION, TEXTS          | PROMPTS RECOMPUTATION TEXTS        | OLDEST_PROMPT
            RECOMPUTATION, TEXTS          | RECOMPUTATION TEXTS                | RECOMPUTATION
            PROMPTS, TEXTS                | PROMPTS RECOMPUTATION TEXTS        | RECOMPUTATION
            """)
    void choosesAPass(String before, String ready, Turn expected) {
        Turns turns = new Turns();
        if (before != null) {
            Arrays.stream(before.split(", ")).forEach(pass -> turns.next(work(pass)));
        }
        assertThat(turns.next(work(ready))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # events                              | next  | texts may begin | waits for prefix
                                                  | JOBS  | true            | false
            ADMITTED                              | TEXTS | true            | false
            FULL                                  | JOBS  | true            | false
            LACKS_MEMORY                          | JOBS  | false           | false
            RESTORES_PREFIX                       | JOBS  | true            | true
            ADMITTED FULL                         | TEXTS | true            | false
            ADMITTED LACKS_MEMORY                 | TEXTS | true            | false
            ADMITTED RESTORES_PREFIX              | TEXTS | true            | true
            ADMITTED textsHaveBegun               | JOBS  | true            | false
            LACKS_MEMORY ADMITTED                 | TEXTS | true            | false
            LACKS_MEMORY queueIsEmpty             | JOBS  | true            | false
            LACKS_MEMORY wake                     | JOBS  | false           | false
            LACKS_MEMORY textsHaveBegun           | JOBS  | false           | false
            ADMITTED LACKS_MEMORY textsHaveBegun  | JOBS  | false           | false
            RESTORES_PREFIX wake                  | JOBS  | true            | false
            RESTORES_PREFIX queueIsEmpty          | JOBS  | true            | false
            RESTORES_PREFIX ADMITTED              | TEXTS | true            | false
            RESTORES_PREFIX LACKS_MEMORY          | JOBS  | false           | false
            """)
    void givesMemory(String events, MemoryUser next, boolean mayBegin, boolean waitsForPrefix) {
        Turns turns = new Turns();
        if (events != null) {
            Arrays.stream(events.split(" ")).forEach(event -> happen(turns, event));
        }
        assertThat(turns.nextMemoryUser()).isEqualTo(next);
        assertThat(turns.mayBeginTexts()).isEqualTo(mayBegin);
        assertThat(turns.waitsForPrefix()).isEqualTo(waitsForPrefix);
    }

    private static void happen(Turns turns, String event) {
        switch (event) {
            case "textsHaveBegun" -> turns.textsHaveBegun();
            case "queueIsEmpty" -> turns.queueIsEmpty();
            case "wake" -> turns.wake();
            default -> turns.tried(Admission.valueOf(event));
        }
    }
}
