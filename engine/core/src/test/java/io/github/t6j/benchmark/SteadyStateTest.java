package io.github.t6j.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class SteadyStateTest {
    private final Deque<Double> times = new ArrayDeque<>();

    private boolean reach(double min, double max, int compiledAfter, Double... seconds) {
        times.clear();
        times.addAll(List.of(seconds));
        int runs = seconds.length;
        return SteadyState.reach(() -> runs - times.size() >= compiledAfter, times::removeFirst, min, max);
    }

    @Test
    void twoRunsInARowMustAgree() {
        assertThat(reach(0, 30, 0, 4.0, 1.0, 1.029, 9.0)).isTrue();
        assertThat(times).as("runs left").containsExactly(9.0);
        assertThat(reach(0, 30, 0, 1.0, 1.04, 1.0, 1.04, 1.02, 9.0)).isTrue();
        assertThat(times).containsExactly(9.0);
    }

    @Test
    void theCodeMustBeCompiled() {
        assertThat(reach(0, 30, 4, 1.0, 1.0, 1.0, 1.0, 9.0)).isTrue();
        assertThat(times).containsExactly(9.0);
    }

    @Test
    void theMinimumIsKept() {
        assertThat(reach(3.5, 30, 0, 1.0, 1.0, 1.0, 1.0, 9.0)).isTrue();
        assertThat(times).containsExactly(9.0);
    }

    @Test
    void theMaximumEndsIt() {
        assertThat(reach(0, 5, 0, 1.0, 2.0, 1.0, 2.0, 9.0)).isFalse();
        assertThat(times).containsExactly(9.0);
        assertThat(reach(0, 5, 99, 2.0, 2.0, 2.0, 9.0)).isFalse();
        assertThat(times).containsExactly(9.0);
    }
}
