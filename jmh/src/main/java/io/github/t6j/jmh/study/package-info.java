/**
 * The paper's comparison at a small scale: trains models of equal size with different attentions, and tabulates how
 * well they predict text. It may use the engine's public classes, and {@code report}, which draws.
 */
package io.github.t6j.jmh.study;
