package io.github.t6j.cli.serve;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Sends the messages of t6j's System.Loggers to the log of a server, and not to standard error. */
final class LogHandler extends Handler {
    private static final Logger LOGGER = Logger.getLogger("io.github.t6j"); // the JDK itself would not keep it

    private final ServerLog log;
    private final SimpleFormatter formatter = new SimpleFormatter();

    LogHandler(ServerLog log) {
        this.log = log;
    }

    /** Begins to receive messages, until {@link #close}. */
    void open() {
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(this);
    }

    @Override
    public void publish(LogRecord message) {
        String level = message.getLevel() == Level.SEVERE
                ? "error"
                : message.getLevel() == Level.WARNING ? "warning" : "info";
        String text = formatter.formatMessage(message);
        if (message.getThrown() == null) {
            log.message(level, text);
        } else {
            log.message(level, text, message.getThrown());
        }
    }

    @Override
    public void flush() {
        // each line is printed at once
    }

    @Override
    public void close() {
        LOGGER.removeHandler(this);
        LOGGER.setUseParentHandlers(true);
    }
}
