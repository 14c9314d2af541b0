package io.github.t6j.jmh;

import io.github.t6j.jmh.load.LoadCommand;
import io.github.t6j.jmh.report.ReportCommand;
import io.github.t6j.jmh.soak.SoakCommand;
import io.github.t6j.jmh.study.LearningCurvesCommand;
import io.github.t6j.jmh.study.StudyCommand;
import java.io.IOException;
import java.util.Arrays;

/**
 * JMH's command line; if the first word is {@code report}, {@code learning-curves}, {@code study}, {@code load} or
 * {@code soak}, the command line of that command.
 */
final class Commands {
    private Commands() {}

    /**
     * Runs JMH with its options, which {@code -h} lists, or another command: {@code report -h}. @return the exit code
     */
    static int run(String[] args) throws IOException {
        return switch (args.length == 0 ? "" : args[0]) {
            case "report" -> ReportCommand.run(Arrays.copyOfRange(args, 1, args.length));
            case "learning-curves" -> LearningCurvesCommand.run(Arrays.copyOfRange(args, 1, args.length));
            case "study" -> study(Arrays.copyOfRange(args, 1, args.length));
            case "soak" -> SoakCommand.run(Arrays.copyOfRange(args, 1, args.length));
            case "load" -> LoadCommand.run(Arrays.copyOfRange(args, 1, args.length));
            default -> PlainJmh.run(args);
        };
    }

    /** Runs the study in a JVM with the vector module, which training needs. */
    private static int study(String... args) throws IOException {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
                ? StudyCommand.run(args)
                : Kernel.fork(StudyCommand.class, args);
    }
}
