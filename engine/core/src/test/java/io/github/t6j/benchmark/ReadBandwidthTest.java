package io.github.t6j.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.Workers;
import org.junit.jupiter.api.Test;

class ReadBandwidthTest {
    @Test
    void isOfTheOrderOfAMachine() {
        try (Workers workers = new Workers(2)) {
            assertThat(new ReadBandwidth(workers).bytesPerSecond()).isBetween(1e7, 1e13);
        }
    }
}
