import type { FastifyReply } from 'fastify';
import type { Answer } from 'holdfast/server';

export function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  return body === '' ? reply.send() : reply.send(body);
}
