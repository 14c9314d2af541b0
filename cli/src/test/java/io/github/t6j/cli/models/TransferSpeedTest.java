package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Speed of a download from bytes that come in bursts. */
class TransferSpeedTest {
    private static final long SEED = 36;
    private static final long PACKET = 1_000_000;

    /** After ten seconds of uneven packets, the time left shrinks by a second each second, within a tenth. */
    @Test
    void theTimeLeftIsSteady() {
        Random random = new Random(SEED);
        long now = 5;
        TransferSpeed speed = new TransferSpeed(now);
        long all = 600 * PACKET;
        long done = 0;
        for (int packet = 0; packet < 500; packet++) {
            now += (long) (random.nextDouble() * 2e9 / 5); // five a second, in the mean
            speed.add(PACKET, now);
            done += PACKET;
            if (packet > 50) {
                double left = (all - done) / speed.bytesPerSecond();
                assertThat(left).as("seed %d, packet %d", SEED, packet)
                        .isCloseTo((all - done) / (5.0 * PACKET), within(0.25 * left));
            }
        }
    }

    @Test
    void theSpeedFollowsTheNetwork() {
        TransferSpeed speed = new TransferSpeed(0);
        assertThat(speed.bytesPerSecond()).isZero();
        long now = 0;
        for (int i = 0; i < 300; i++) {
            speed.add(100, now += 100_000_000);
        }
        assertThat(speed.bytesPerSecond()).isCloseTo(1000, within(1e-6));
        for (int i = 0; i < 100; i++) { // ten seconds at a tenth: half of the weight
            speed.add(10, now += 100_000_000);
        }
        assertThat(speed.bytesPerSecond()).isBetween(400.0, 600.0);
        speed.add(0, now += 60_000_000_000L);
        assertThat(speed.bytesPerSecond()).isLessThan(20);
    }
}
