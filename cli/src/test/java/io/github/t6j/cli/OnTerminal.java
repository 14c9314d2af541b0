package io.github.t6j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;

/** {@link Main} with progress, as on a terminal; tests start it as a process of its own. */
final class OnTerminal {
    private OnTerminal() {}

    public static void main(String[] args) {
        System.exit(new Main(System.in, new FileOutputStream(FileDescriptor.out), System.err, true).run(args));
    }
}
