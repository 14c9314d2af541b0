package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that no local variable, and no parameter of a lambda or catch clause, has the name of a field in scope. */
class HiddenFieldsTest {
    private static final Path ROOT = Path.of(System.getProperty("t6j.testdata")).resolveSibling("");

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String folder : List.of("engine", "cli", "jmh")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".java") && !file.endsWith("module-info.java")
                        && file.toString().contains("src") && !file.toString().contains("target")
                        && !file.toString().contains("generated")).forEach(sources::add);
            }
        }
        return sources;
    }

    /** Fields of a class, and whether they are in scope in a static class within it. */
    private record Scope(Set<String> fields, Set<String> statics, boolean isStatic) {
        static Scope of(ClassTree tree) {
            boolean record = tree.getKind() == Tree.Kind.RECORD;
            boolean independent = record || tree.getKind() == Tree.Kind.ENUM || tree.getKind() == Tree.Kind.INTERFACE
                    || tree.getModifiers().getFlags().contains(Modifier.STATIC);
            return new Scope(names(tree, false), names(tree, true), independent);
        }

        private static Set<String> names(ClassTree tree, boolean onlyStatic) {
            return tree.getMembers().stream().filter(VariableTree.class::isInstance).map(VariableTree.class::cast)
                    .filter(field -> !onlyStatic || field.getModifiers().getFlags().contains(Modifier.STATIC))
                    .map(field -> field.getName().toString()).collect(Collectors.toSet());
        }
    }

    /** Reports variables of methods that hide a field. */
    private static final class Scanner extends TreeScanner<Void, Void> {
        private final Deque<Scope> scopes = new ArrayDeque<>();
        private final List<String> hiding = new ArrayList<>();
        private final Trees trees;
        private CompilationUnitTree file;

        Scanner(Trees trees) {
            this.trees = trees;
        }

        @Override
        public Void visitCompilationUnit(CompilationUnitTree unit, Void none) {
            file = unit;
            return super.visitCompilationUnit(unit, none);
        }

        @Override
        public Void visitClass(ClassTree tree, Void none) {
            scopes.push(Scope.of(tree));
            for (Tree member : tree.getMembers()) {
                if (member instanceof VariableTree field) {
                    scan(field.getInitializer(), none);
                } else {
                    scan(member, none);
                }
            }
            scopes.pop();
            return null;
        }

        @Override
        public Void visitMethod(MethodTree method, Void none) {
            // parameters may have the names of the fields that they set
            if (!method.getModifiers().getFlags().contains(Modifier.STATIC)) {
                return scan(method.getBody(), none);
            }
            scopes.push(new Scope(Set.of(), Set.of(), true));
            scan(method.getBody(), none);
            scopes.pop();
            return null;
        }

        @Override
        public Void visitVariable(VariableTree variable, Void none) {
            String name = variable.getName().toString();
            boolean isStatic = false;
            for (Scope scope : scopes) {
                if ((isStatic ? scope.statics : scope.fields).contains(name)) {
                    long at = trees.getSourcePositions().getStartPosition(file, variable);
                    hiding.add(
                            file.getSourceFile().getName() + ":" + file.getLineMap().getLineNumber(at) + ": " + name);
                    break;
                }
                isStatic |= scope.isStatic;
            }
            return super.visitVariable(variable, none);
        }
    }

    private static List<String> hiding(List<Path> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, null, null, files.getJavaFileObjectsFromPaths(sources));
            Scanner scanner = new Scanner(Trees.instance(task));
            for (CompilationUnitTree unit : task.parse()) {
                scanner.scan(unit, null);
            }
            return scanner.hiding;
        }
    }

    @Test
    void noLocalHidesAField() throws IOException {
        List<Path> sources = sources();
        assertThat(sources).hasSizeGreaterThan(1000);
        assertThat(hiding(sources)).isEmpty();
    }

    @Test
    void theyAreFound(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("A.java"), """
                class A {
                    static int s;
                    int f;
                    A(int f) { this.f = f; }
                    void m() { try { int f = 1; } catch (RuntimeException s) { } }
                    java.util.function.IntUnaryOperator lambda = f -> f;
                    static A of() { int f = 1; int s = 2; return new A(f); }
                    static class Nested {
                        void m() { int f = 1; int s = 2; }
                    }
                    class Inner {
                        void m(Object o) { if (o instanceof String f) { } }
                    }
                }
                """);
        assertThat(hiding(List.of(file)).stream().map(line -> line.substring(line.lastIndexOf(".java:") + 6)))
                .containsExactly("5: f", "5: s", "6: f", "7: s", "9: s", "12: f");
    }
}
