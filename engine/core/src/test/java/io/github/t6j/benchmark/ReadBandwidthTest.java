package io.github.t6j.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadBandwidthTest {
    @Test
    void isOfTheOrderOfAMachine() {
        try (ReadBandwidth test = new ReadBandwidth(2)) {
            assertThat(test.bytesPerSecond()).isBetween(1e7, 1e13);
        }
    }
}
