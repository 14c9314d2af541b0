/** Parser of answers and files of conversations, for this module and the command line. */
package io.github.t6j.chat.internal;
