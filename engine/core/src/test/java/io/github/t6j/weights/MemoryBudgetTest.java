package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.MemoryLimitException;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private static final int TIMES = 200_000;

    @Test
    void aRequestAboveTheLimitCountsNowhere() {
        MemoryBudget whole = new MemoryBudget("whole", 100, null);
        MemoryBudget part = new MemoryBudget("part", 60, whole);
        part.take(50);
        assertThatThrownBy(() -> part.take(11)).isInstanceOf(MemoryLimitException.class)
                .hasMessageContaining(
                        "at most 10 bytes (left of the memory budget of 60 bytes), found a need of 11 bytes");
        assertThat(part.allocated()).isEqualTo(50);
        assertThat(whole.allocated()).isEqualTo(50);
        part.take(10);
        part.give(60);
        assertThat(whole.available()).isEqualTo(100);
    }

    /** Both threads ask at the same time; only the request that never fits may fail. */
    @Test
    void aRequestThatFitsIsNotRefusedBesideOneThatDoesNot() throws InterruptedException {
        MemoryBudget whole = new MemoryBudget("whole", 140, null);
        MemoryBudget budget = new MemoryBudget("budget", 100, whole);
        MemoryBudget other = new MemoryBudget("other", 50, whole);
        budget.take(50);
        int[] refused = new int[1];
        Thread tooMuch = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < TIMES; i++) {
                try {
                    budget.take(60);
                } catch (MemoryLimitException expected) {
                    refused[0]++;
                }
            }
        });
        for (int i = 0; i < TIMES; i++) {
            budget.take(40);
            other.take(50);
            other.give(50);
            budget.give(40);
        }
        tooMuch.join();
        assertThat(refused[0]).isEqualTo(TIMES);
        assertThat(whole.allocated()).isEqualTo(50);
    }
}
