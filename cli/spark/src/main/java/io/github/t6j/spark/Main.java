package io.github.t6j.spark;

final class Main {
    private Main() {}
}
