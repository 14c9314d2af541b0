package io.github.t6j.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import org.junit.jupiter.api.Test;

/** Failures of the JDK's client without a network, and with one. */
class UnreachableTest {
    private static IOException causedBy(Throwable cause) {
        return new IOException("https://huggingface.co: " + cause.getMessage(), cause);
    }

    @Test
    void unreachableServersAreReported() {
        Throwable unresolved = new ConnectException().initCause(
                new ConnectException().initCause(new UnresolvedAddressException()));
        assertThat(Unreachable.hasNoAddress(causedBy(unresolved))).isTrue();
        assertThat(Unreachable.is(causedBy(unresolved))).isTrue();
        assertThat(Unreachable.is(causedBy(new NoRouteToHostException()))).isTrue();
        assertThat(Unreachable.is(causedBy(new HttpConnectTimeoutException("HTTP connect timed out")))).isTrue();
        assertThat(Unreachable.hasNoAddress(causedBy(new ConnectException()))).isFalse();
        assertThat(Unreachable.is(causedBy(new HttpTimeoutException("request timed out")))).isFalse();
        assertThat(Unreachable.is(causedBy(new IOException("connection reset")))).isFalse();
    }
}
