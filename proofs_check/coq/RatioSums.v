(* L2 (a)-(c): sums of nonnegative terms over their running sum.

   (a) sum_t x_t/(e + x_1 + .. + x_t) <= ln(1 + sum x/e);
   (b) the same over discounted sums S_t = beta S_{t-1} + x_t, at the price of -(T-1) ln beta;
   (c) sum_t x_t/sqrt(x_1 + .. + x_t) <= 2 sqrt(sum x).
   Coq's x/0 does no harm in (c): a vanishing denominator has a vanishing numerator. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Logarithm.
Local Open Scope R_scope.

Theorem ratio_sum T x e : 0 < e -> (forall t, 0 <= x t) ->
  sum T (fun t => x t / (e + sum (S t) x)) <= ln (1 + sum T x / e).
Proof.
  intros He Hx.
  assert (P : forall t, 0 <= sum t x) by (intros; apply sum_nonneg; auto).
  replace (1 + sum T x / e) with ((e + sum T x) / e) by (field; lra).
  rewrite ln_quot by (specialize (P T); lra).
  induction T as [|T IH]; [simpl; rewrite Rplus_0_r; lra|].
  rewrite !(sum_S T), <- Rplus_assoc. specialize (P T).
  pose proof (ratio_step (e + sum T x) (x T) ltac:(lra) (Hx T)). lra.
Qed.

(* S_t of (b). *)
Fixpoint discounted (beta : R) (x : nat -> R) (t : nat) : R :=
  match t with O => 0 | S t => beta * discounted beta x t + x t end.

Lemma discounted_nonneg beta x t : 0 <= beta -> (forall t, 0 <= x t) -> 0 <= discounted beta x t.
Proof. intros Hb Hx. induction t as [|t IH]; simpl; [lra|]. specialize (Hx t). nra. Qed.

Theorem discounted_ratio_sum T x e beta : (0 < T)%nat -> 0 < e -> 0 < beta < 1 -> (forall t, 0 <= x t) ->
  sum T (fun t => x t / (e + discounted beta x (S t)))
  <= ln (1 + discounted beta x T / e) - (INR T - 1) * ln beta.
Proof.
  intros HT He Hb Hx.
  assert (P : forall t, 0 <= discounted beta x t) by (intros; apply discounted_nonneg; auto; lra).
  replace (1 + discounted beta x T / e) with ((e + discounted beta x T) / e) by (field; lra).
  rewrite ln_quot by (specialize (P T); lra).
  destruct T as [|T]; [lia|]. clear HT. rewrite S_INR.
  induction T as [|T IH].
  - simpl. pose proof (ratio_step e (x 0%nat) He (Hx 0%nat)). rewrite Rmult_0_r, !Rplus_0_l. lra.
  - rewrite S_INR, (sum_S (S T)). set (s := discounted beta x (S T)) in *.
    change (discounted beta x (S (S T))) with (beta * s + x (S T)).
    assert (Ps : 0 <= s) by apply P. assert (Pb : 0 <= beta * s) by nra.
    pose proof (ratio_step (e + beta * s) (x (S T)) ltac:(lra) (Hx (S T))) as H.
    rewrite <- Rplus_assoc.
    assert (K : ln beta + ln (e + s) <= ln (e + beta * s)).
    { rewrite <- ln_mult by lra. apply ln_le_mono; nra. }
    lra.
Qed.

Lemma root_step u x : 0 <= u -> 0 <= x -> x / sqrt (u + x) <= 2 * sqrt (u + x) - 2 * sqrt u.
Proof.
  intros Hu Hx. destruct (Req_dec (u + x) 0) as [E | NE].
  - replace x with 0 by lra. replace u with 0 by lra. rewrite Rplus_0_r, sqrt_0. unfold Rdiv. lra.
  - assert (Hs : 0 < sqrt (u + x)) by (apply sqrt_lt_R0; lra).
    assert (Hr : 0 <= sqrt u) by apply sqrt_pos.
    assert (Hrs : sqrt u <= sqrt (u + x)) by (apply sqrt_le_1_alt; lra).
    assert (Es : sqrt (u + x) * sqrt (u + x) = u + x) by (apply sqrt_sqrt; lra).
    assert (Er : sqrt u * sqrt u = u) by (apply sqrt_sqrt; lra).
    apply Rmult_le_reg_r with (sqrt (u + x)); [auto|].
    replace (x / sqrt (u + x) * sqrt (u + x)) with x by (field; lra). nra.
Qed.

Theorem ratio_root_sum T x : (forall t, 0 <= x t) ->
  sum T (fun t => x t / sqrt (sum (S t) x)) <= 2 * sqrt (sum T x).
Proof.
  intros Hx. induction T as [|T IH]; [simpl; rewrite sqrt_0; lra|].
  rewrite (sum_S T (fun t => x t / sqrt (sum (S t) x))), (sum_S T x).
  pose proof (root_step (sum T x) (x T) (sum_nonneg T x (fun k _ => Hx k)) (Hx T)). lra.
Qed.
