package io.github.t6j.cli.hub;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;

/** Distinguishes failures to reach a server from failures of an open connection. */
final class Unreachable {
    private static final List<Class<? extends Throwable>> NO_ADDRESS =
            List.of(UnknownHostException.class, UnresolvedAddressException.class);
    private static final List<Class<? extends Throwable>> NO_CONNECTION =
            List.of(ConnectException.class, NoRouteToHostException.class, HttpConnectTimeoutException.class);

    private Unreachable() {}

    /** Returns true if the server's name has no address, as without a network. */
    static boolean hasNoAddress(Throwable failure) {
        return isCausedBy(failure, NO_ADDRESS);
    }

    /** Returns true if no connection was made. */
    static boolean is(Throwable failure) {
        return hasNoAddress(failure) || isCausedBy(failure, NO_CONNECTION);
    }

    private static boolean isCausedBy(Throwable failure, List<Class<? extends Throwable>> types) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (types.stream().anyMatch(cause.getClass()::equals)) {
                return true;
            }
        }
        return false;
    }
}
